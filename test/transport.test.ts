/** TLS and mTLS over real sockets: who gets in, and certificates that change while the server runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Connection } from '../services/client/client.ts';
import {
  type CredentialOptions,
  toCallCredentials,
  toChannelCredentials,
} from '../services/client/credentials.ts';
import { Health } from '../services/gen/grpc/health/v1/health_pb.ts';
import { ServerReflection } from '../services/gen/grpc/reflection/v1/reflection_pb.ts';
import { AuditService } from '../services/gen/vigil/v1/audit_pb.ts';
import { type BareServer, startBareServer } from './support/bare-server.ts';
import { type Authority, createAuthority, type Pem } from './support/certificates.ts';

let authority: Authority;
let stranger: Authority;
let first: Pem;
let second: Pem;
let directory: string;
const path = (name: string): string => join(directory, name);
const write = (name: string, { cert, key }: Pem): void => {
  writeFileSync(path(`${name}.crt`), cert);
  writeFileSync(path(`${name}.key`), key);
};
const tlsSettings = (name: string) => ({
  VIGIL_TLS_CERT: path(`${name}.crt`),
  VIGIL_TLS_KEY: path(`${name}.key`),
  VIGIL_CREDENTIALS_REFRESH_MS: '50',
});

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-tls-'));
  [authority, stranger] = await Promise.all([createAuthority('ours'), createAuthority('theirs')]);
  [first, second] = await Promise.all([authority.issue('first'), authority.issue('second')]);
  writeFileSync(path('ca.crt'), authority.cert);
});
afterAll(() => rmSync(directory, { recursive: true }));

function connectionTo(server: BareServer, security: CredentialOptions): Connection {
  const address = `127.0.0.1:${server.port}`;
  const call = toCallCredentials(address, security);
  return new Connection(address, {
    channel: toChannelCredentials(security),
    ...(call && { call }),
    settings: { 'grpc.use_local_subchannel_pool': 1 },
  });
}

/** "" when the call succeeds. */
async function outcome(server: BareServer, security: CredentialOptions): Promise<string> {
  const connection = connectionTo(server, security);
  try {
    await connection.service(Health).check({ service: 'liveness' }, { timeoutMs: 3000 });
    return '';
  } catch (error) {
    return (error as { status: string }).status;
  } finally {
    connection.close();
  }
}

/** Common name of the certificate that a new connection gets. */
function shownBy({ port }: BareServer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', ca: authority.cert, ALPNProtocols: ['h2'] }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

const ours = (): { ca: Buffer } => ({ ca: Buffer.from(authority.cert) });

test('with a certificate the port speaks TLS and nothing else', async () => {
  write('plain-tls', first);
  const server = await startBareServer(tlsSettings('plain-tls'));
  expect(await outcome(server, { tls: ours() })).toBe('');
  expect(await outcome(server, {})).not.toBe('');
  expect(await outcome(server, { tls: { ca: Buffer.from(stranger.cert) } })).toBe('UNAVAILABLE');
  const old = new Promise((resolve, reject) => {
    const socket = connectTls(
      { port: server.port, host: '127.0.0.1', ca: authority.cert, maxVersion: 'TLSv1.1' },
      () => resolve('connected'),
    );
    socket.once('error', reject);
  });
  await expect(old).rejects.toThrow();
  await server.stop();
});

test('a renewed certificate is shown to new connections; old ones live on', async () => {
  write('renewed', first);
  const server = await startBareServer(tlsSettings('renewed'));
  const connection = connectionTo(server, { tls: ours() });
  const watch = connection.service(Health).watch({ service: 'x' })[Symbol.asyncIterator]();
  expect((await watch.next()).value).toMatchObject({ status: 3 });
  expect(await shownBy(server)).toBe('first');
  write('renewed', second);
  await expect.poll(() => shownBy(server)).toBe('second');
  server.board.set('x', true);
  expect((await watch.next()).value).toMatchObject({ status: 1 });
  await watch.return?.();
  connection.close();
  await server.stop();
});

test('a pair that does not fit leaves the old one serving, until it fits', async () => {
  write('broken', first);
  const server = await startBareServer(tlsSettings('broken'));
  for (const cert of [second.cert, 'no certificate', '']) {
    writeFileSync(path('broken.crt'), cert);
    await server.refreshed();
    expect(await shownBy(server)).toBe('first');
  }
  rmSync(path('broken.crt'));
  await server.refreshed();
  expect(await shownBy(server)).toBe('first');
  write('broken', second);
  await server.refreshed();
  expect(await shownBy(server)).toBe('second');
  await server.stop();
});

test('with a client authority only its certificates get in, under their names', async () => {
  write('mutual', first);
  const server = await startBareServer({
    ...tlsSettings('mutual'),
    VIGIL_TLS_CLIENT_CA: path('ca.crt'),
    VIGIL_CLIENT_CERT_SCOPES: 'classify',
  });
  const client = await authority.issue('worker', [{ type: 'url', value: 'spiffe://house/worker' }]);
  const forged = await stranger.issue('worker', [{ type: 'url', value: 'spiffe://house/worker' }]);
  const tlsOf = ({ cert, key }: Pem) => ({ ...ours(), cert: Buffer.from(cert), key: Buffer.from(key) });
  expect(await outcome(server, { tls: tlsOf(client) })).toBe('');
  expect(await outcome(server, { tls: ours() })).toBe('UNAVAILABLE');
  expect(await outcome(server, { tls: tlsOf(forged) })).toBe('UNAVAILABLE');
  const connection = connectionTo(server, { tls: tlsOf(client) });
  const { listAuditEntries } = connection.service(AuditService);
  await expect(listAuditEntries({})).rejects.toMatchObject({
    status: 'PERMISSION_DENIED',
    message: expect.stringContaining('cert:spiffe://house/worker has: classify'),
  });
  const asked = [{ messageRequest: { case: 'listServices' as const, value: '' } }];
  for await (const answer of connection.service(ServerReflection).serverReflectionInfo(asked))
    expect(answer.messageResponse.case).toBe('listServicesResponse');
  connection.close();
  await server.stop();
});

test('a client authority that is replaced lets the certificates of the new one in, and no longer those of the old', async () => {
  write('rotated', first);
  writeFileSync(path('rotated-ca.crt'), authority.cert);
  const server = await startBareServer({
    ...tlsSettings('rotated'),
    VIGIL_TLS_CLIENT_CA: path('rotated-ca.crt'),
  });
  const [old, fresh] = await Promise.all([authority.issue('old'), stranger.issue('fresh')]);
  const as = ({ cert, key }: Pem): Promise<string> =>
    outcome(server, { tls: { ...ours(), cert: Buffer.from(cert), key: Buffer.from(key) } });
  expect([await as(old), await as(fresh)]).toEqual(['', 'UNAVAILABLE']);
  const both = `${authority.cert.trim()}${stranger.cert.trim()}`;
  // A file that is cut short would trust fewer than are meant: the last whole one stays.
  writeFileSync(path('rotated-ca.crt'), both.slice(0, -40));
  await server.refreshed();
  expect([await as(old), await as(fresh)]).toEqual(['', 'UNAVAILABLE']);
  // Both for as long as clients change over, also when nothing separates them.
  writeFileSync(path('rotated-ca.crt'), both);
  await server.refreshed();
  expect([await as(old), await as(fresh)]).toEqual(['', '']);
  writeFileSync(path('rotated-ca.crt'), stranger.cert);
  await server.refreshed();
  expect([await as(old), await as(fresh)]).toEqual(['UNAVAILABLE', '']);
  await server.stop();
});

test.each([
  [{ VIGIL_GRPC_ADDRESS: '0.0.0.0:0' }, /VIGIL_GRPC_ADDRESS: .*without TLS.*VIGIL_PLAINTEXT=allow/],
  [{ VIGIL_GRPC_ADDRESS: '[::]:0' }, /without TLS/],
  [{ VIGIL_TLS_CERT: 'x' }, /VIGIL_TLS_KEY: found nothing/],
  [{ VIGIL_TLS_KEY: 'x' }, /VIGIL_TLS_CERT: found nothing/],
  [{ VIGIL_TLS_CLIENT_CA: 'x' }, /VIGIL_TLS_CERT: found nothing/],
  [{ VIGIL_TLS_CERT: '/nowhere', VIGIL_TLS_KEY: '/nowhere' }, /VIGIL_TLS_CERT: .*ENOENT/],
  [{ VIGIL_JWKS_FILE: '/nowhere' }, /VIGIL_JWT_ISSUER: found nothing/],
  [{ VIGIL_TOKENS_FILE: '/nowhere' }, /VIGIL_TOKENS_FILE: .*ENOENT/],
  [{ VIGIL_CLIENT_CERT_SCOPES: 'classify,root' }, /VIGIL_CLIENT_CERT_SCOPES: found "root"/],
  [{ VIGIL_PLAINTEXT: 'yes' }, /VIGIL_PLAINTEXT/],
])('%j does not start', async (settings, message) => {
  await expect(startBareServer(settings)).rejects.toThrow(message);
});

test('a key of another certificate does not start', async () => {
  write('mixed', { cert: first.cert, key: second.key });
  await expect(startBareServer(tlsSettings('mixed'))).rejects.toThrow(
    /VIGIL_TLS_KEY: found the key of another/,
  );
});

test('plaintext on every address is there for whoever asks for it by name', async () => {
  const server = await startBareServer({ VIGIL_GRPC_ADDRESS: '0.0.0.0:0', VIGIL_PLAINTEXT: 'allow' });
  expect(await outcome(server, {})).toBe('');
  await server.stop();
});

test('a client keeps its token to itself where others could read it', () => {
  const token = 'a-secret-token';
  for (const address of ['example.org:443', '10.0.0.1:50051', '127.evil.org:1', '[2001:db8::1]:1']) {
    const create = () => toCallCredentials(address, { token });
    expect(create).toThrow(/no TLS on the way/);
    expect(create).not.toThrow(token);
    expect(toCallCredentials(address, { token, allowPlaintextToken: true })).toBeDefined();
  }
  for (const address of ['127.0.0.1:1', 'localhost:1', '[::1]:1', 'unix:/tmp/x'])
    expect(toCallCredentials(address, { token })).toBeDefined();
});
