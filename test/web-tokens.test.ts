/** JWTs over a real socket: who gets in, and keys that are replaced while the server runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Connection } from '../services/client/client.ts';
import { toCallCredentials } from '../services/client/credentials.ts';
import { AuditService } from '../services/gen/vigil/v1/audit_pb.ts';
import { type BareServer, startBareServer } from './support/bare-server.ts';

interface SigningKey {
  readonly id: string;
  readonly secret: CryptoKey;
  readonly shown: JWK;
}

let directory: string;
let server: BareServer;
let first: SigningKey;
let second: SigningKey;
const keysFile = (): string => join(directory, 'jwks.json');
const showKeys = (...keys: readonly SigningKey[]): void =>
  writeFileSync(keysFile(), JSON.stringify({ keys: keys.map(({ shown }) => shown) }));

async function createKey(id: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  return { id, secret: privateKey, shown: { ...(await exportJWK(publicKey)), kid: id, alg: 'ES256' } };
}

const signedBy = ({ id, secret }: SigningKey, scope: string, audience = 'vigil'): Promise<string> =>
  new SignJWT({ scope })
    .setProtectedHeader({ alg: 'ES256', kid: id })
    .setIssuer('https://issuer')
    .setAudience(audience)
    .setSubject('alice')
    .setExpirationTime('10 minutes')
    .sign(secret);

/** What becomes of a call for which an administrator is needed; "OK" when it succeeds. */
async function outcome(token: string): Promise<string> {
  const address = `127.0.0.1:${server.port}`;
  const connection = new Connection(address, { call: toCallCredentials(address, { token })! });
  try {
    await connection.service(AuditService).listAuditEntries({}, { timeoutMs: 3000 });
    return 'OK';
  } catch (error) {
    const { status, message } = error as { status: string; message: string };
    return `${status}: ${message}`;
  } finally {
    connection.close();
  }
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-jwt-'));
  [first, second] = await Promise.all([createKey('first'), createKey('second')]);
  showKeys(first);
  server = await startBareServer({
    VIGIL_JWKS_FILE: keysFile(),
    VIGIL_JWT_ISSUER: 'https://issuer',
    VIGIL_JWT_AUDIENCE: 'vigil',
    VIGIL_CREDENTIALS_REFRESH_MS: '50',
  });
});
afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

test('a signed token opens what its scopes name', async () => {
  expect(await outcome(await signedBy(first, 'profile admin'))).toBe('OK');
  expect(await outcome(await signedBy(first, 'classify'))).toMatch(/^PERMISSION_DENIED: .*jwt:alice/);
  expect(await outcome(await signedBy(first, 'admin', 'billing'))).toMatch(/^UNAUTHENTICATED: .*aud/);
  expect(await outcome(await signedBy(second, 'admin'))).toMatch(/^UNAUTHENTICATED/);
});

test('keys are replaced without a restart: the new one opens, the old one no longer does', async () => {
  const [old, fresh] = await Promise.all([signedBy(first, 'admin'), signedBy(second, 'admin')]);
  expect(await outcome(old)).toBe('OK');
  // Both, while tokens of the old key are still about.
  showKeys(first, second);
  await expect.poll(() => outcome(fresh)).toBe('OK');
  expect(await outcome(old)).toBe('OK');
  // A file that is half written leaves the keys as they are.
  writeFileSync(keysFile(), '{"keys": [');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await outcome(fresh)).toBe('OK');
  showKeys(second);
  await expect.poll(() => outcome(old)).toMatch(/^UNAUTHENTICATED/);
  expect(await outcome(fresh)).toBe('OK');
});
