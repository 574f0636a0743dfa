import { createHash } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { Access, type Admitted, type Gate } from './access.ts';
import { Quotas } from './quotas.ts';
import { StaticTokens } from './static-tokens.ts';
import { WebTokens } from './web-tokens.ts';

const CLASSIFY = 'vigil.v1.ClassifierService/Classify';
const TRAIN = 'vigil.v1.TrainingService/Train';
const EXPORT = 'vigil.v1.ModelService/ExportModel';
const CHECK = 'grpc.health.v1.Health/Check';
const REFLECT = 'grpc.reflection.v1.ServerReflection/ServerReflectionInfo';

let key: CryptoKey;
let strange: CryptoKey;
let publicKey: JWK;
let now: number;
const denied: string[] = [];

beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  key = pair.privateKey;
  publicKey = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'ES256' };
  strange = (await generateKeyPair('ES256')).privateKey;
});

const webTokens = (keys: readonly JWK[] = [publicKey]): WebTokens =>
  WebTokens.parse(Buffer.from(JSON.stringify({ keys })), {
    issuer: 'https://issuer',
    audience: 'vigil',
    now: () => now,
  });

const staticTokens = (entries: readonly object[]): StaticTokens =>
  StaticTokens.parse(Buffer.from(JSON.stringify(entries)));
const entry = (name: string, token: string, scopes: readonly string[]) => ({
  name,
  sha256: createHash('sha256').update(token).digest('hex'),
  scopes,
});

function openAccess(parts: Partial<ConstructorParameters<typeof Access>[0]> = {}): Access {
  return new Access({
    staticTokens: undefined,
    webTokens: undefined,
    certificates: undefined,
    quotas: new Quotas({ calls: 1, streams: 0, callsPerSecond: 0, principals: 100 }, () => now),
    onDenied: (...facts) => denied.push(facts.join(' ')),
    ...parts,
  });
}

const from = (authorization: string | undefined, peer = '10.0.0.1:4711') => {
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  return { metadata, getPeer: () => peer };
};
const admit = async (gate: Gate, authorization?: string, peer?: string): Promise<Admitted> =>
  gate(from(authorization, peer));

interface Claims {
  readonly issuer?: string;
  readonly audience?: string;
  readonly subject?: string;
  readonly expires?: number;
  readonly notBefore?: number;
  readonly [claim: string]: unknown;
}
const sign = (claims: Claims = {}, signer = key, header = { alg: 'ES256', kid: 'k' }): Promise<string> => {
  const {
    issuer = 'https://issuer',
    audience = 'vigil',
    subject = 'alice',
    expires = 600,
    notBefore,
    ...more
  } = claims;
  const token = new SignJWT(more).setProtectedHeader(header).setIssuer(issuer).setAudience(audience);
  token.setSubject(subject).setExpirationTime(now / 1000 + expires);
  if (notBefore !== undefined) token.setNotBefore(now / 1000 + notBefore);
  return token.sign(signer);
};

beforeAll(() => {
  now = 1_800_000_000_000;
});

test('without any authentication everybody may do everything, by address and not by connection', async () => {
  const gate = openAccess().gate(EXPORT, false);
  const { principal, release } = await admit(gate, 'Bearer whatever', '10.0.0.1:1');
  expect(principal).toBe('10.0.0.1:1');
  await expect(admit(gate, undefined, '10.0.0.1:2')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  await admit(gate, undefined, '10.0.0.2:1');
  release();
  await admit(gate, undefined, '10.0.0.1:2');
});

test('a static token has its name and its scopes; a probe needs none', async () => {
  const tokens = staticTokens([entry('ci', 'secret', ['train']), entry('app', 'other', ['classify'])]);
  const access = openAccess({ staticTokens: () => tokens });
  expect((await admit(access.gate(TRAIN, false), 'Bearer secret')).principal).toBe('token:ci');
  expect((await admit(access.gate(CLASSIFY, false), 'bearer other')).principal).toBe('token:app');
  await expect(admit(access.gate(TRAIN, false), 'Bearer other')).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    metadata: { scope: 'train', principal: 'token:app' },
  });
  expect(denied.at(-1)).toBe(`token:app ${TRAIN} train`);
  expect((await admit(access.gate(CHECK, false))).principal).toBe('10.0.0.1:4711');
});

test.each([
  undefined,
  'Bearer',
  'Bearer ',
  'Basic c2VjcmV0',
  'secret',
  'Bearer wrong',
  'Bearer secret extra',
  'Bearer a.b.c',
])('%j is UNAUTHENTICATED, and not repeated', async (header) => {
  const tokens = staticTokens([entry('ci', 'secret', ['train'])]);
  const gate = openAccess({ staticTokens: () => tokens, webTokens: () => webTokens() }).gate(REFLECT, true);
  const refused = await admit(gate, header).catch((error: Error) => error);
  expect(refused).toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(String((refused as Error).message)).not.toMatch(/wrong|extra|c2VjcmV0|secret/);
});

test('a JWT is verified once, and remembered until it expires', async () => {
  const tokens = webTokens();
  const gate = openAccess({ webTokens: () => tokens }).gate(CLASSIFY, false);
  const token = `Bearer ${await sign({ scope: 'openid classify', expires: 60 })}`;
  const first = gate(from(token));
  expect(first).toBeInstanceOf(Promise);
  (await first).release();
  const second = gate(from(token)) as Admitted;
  expect(second).not.toBeInstanceOf(Promise);
  expect(second.principal).toBe('jwt:alice');
  second.release();
  now += 60_000 + 30_000;
  await expect(admit(gate, token)).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
    message: expect.stringContaining('has expired'),
  });
});

test('keys that are replaced take their tokens with them', async () => {
  let tokens = webTokens();
  const gate = openAccess({ webTokens: () => tokens }).gate(CLASSIFY, false);
  const token = `Bearer ${await sign({ scp: ['classify'] })}`;
  (await admit(gate, token)).release();
  const { publicKey: other } = await generateKeyPair('ES256');
  tokens = webTokens([{ ...(await exportJWK(other)), kid: 'k', alg: 'ES256' }]);
  await expect(admit(gate, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test.each<[string, () => Promise<string> | string]>([
  ['of another issuer', () => sign({ issuer: 'https://other' })],
  ['for another audience', () => sign({ audience: 'billing' })],
  ['that has expired', () => sign({ expires: -31 })],
  ['that is not valid yet', () => sign({ notBefore: 31 })],
  ['signed by somebody else', () => sign({}, strange)],
  [
    'without a signature',
    () =>
      new UnsecuredJWT({ scope: 'classify' })
        .setIssuer('https://issuer')
        .setAudience('vigil')
        .setSubject('alice')
        .encode(),
  ],
  [
    'signed with the public key as a secret',
    () => {
      const secret = new TextEncoder().encode(JSON.stringify(publicKey).padEnd(64));
      return sign({}, secret as unknown as CryptoKey, { alg: 'HS256', kid: 'k' });
    },
  ],
  ['with a name that breaks lines', () => sign({ subject: 'alice\nroot' })],
  ['without a name', () => sign({ subject: '' })],
  [
    'whose claims were changed',
    async () => {
      const [header, , signature] = (await sign()).split('.');
      const claims = {
        iss: 'https://issuer',
        aud: 'vigil',
        sub: 'root',
        exp: now / 1000 + 60,
        scope: 'admin',
      };
      return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
    },
  ],
])('a JWT %s is UNAUTHENTICATED', async (_, make) => {
  const tokens = webTokens();
  const gate = openAccess({ webTokens: () => tokens }).gate(REFLECT, true);
  (await admit(gate, `Bearer ${await sign()}`)).release();
  await expect(admit(gate, `Bearer ${await make()}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('scopes of other services give nothing', async () => {
  const tokens = webTokens();
  const access = openAccess({ webTokens: () => tokens });
  const token = `Bearer ${await sign({ scope: 'admin2 vigil.admin ADMIN', scp: [{ admin: true }, 1] })}`;
  await expect(admit(access.gate(EXPORT, true), token)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  (await admit(access.gate(REFLECT, true), token)).release();
});

test('a flood of forged tokens is refused beyond what may be verified at a time', async () => {
  const tokens = webTokens();
  const gate = openAccess({ webTokens: () => tokens }).gate(CLASSIFY, false);
  const forged = await sign({}, strange);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 100 }, () => admit(gate, `Bearer ${forged}`)),
  );
  const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'in'));
  expect(codes.filter((code) => code === 'UNAUTHENTICATED')).toHaveLength(64);
  expect(codes.filter((code) => code === 'QUOTA_EXCEEDED')).toHaveLength(36);
  expect((await admit(gate, `Bearer ${await sign({ scope: 'classify' })}`)).principal).toBe('jwt:alice');
});

test('a certificate names its owner; a token that is shown beside it decides', async () => {
  const tokens = staticTokens([entry('ci', 'secret', ['train'])]);
  const subject = (peer: string) => (peer === '10.0.0.1:4711' ? 'cert:worker' : undefined);
  const certificates = { subject, scopes: new Set(['classify'] as const) };
  const access = openAccess({ staticTokens: () => tokens, certificates });
  expect((await admit(access.gate(CLASSIFY, false))).principal).toBe('cert:worker');
  expect((await admit(access.gate(TRAIN, false), 'Bearer secret')).principal).toBe('token:ci');
  await expect(admit(access.gate(CLASSIFY, false), 'Bearer wrong')).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  });
  await expect(admit(access.gate(CLASSIFY, false), undefined, '10.0.0.1:1')).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  });
});

test.each([
  ['not JSON', 'nothing', /not JSON/],
  ['no array', '{}', /\[\]/],
  ['no hash', JSON.stringify([{ name: 'a', sha256: 'plain-secret', scopes: [] }]), /0\.sha256/],
  ['an unknown scope', JSON.stringify([entry('a', 'x', ['root'])]), /scopes: found "root"/],
  ['a name twice', JSON.stringify([entry('a', 'x', []), entry('a', 'y', [])]), /entry 1 twice/],
  ['one hash for two names', JSON.stringify([entry('a', 'x', []), entry('b', 'x', [])]), /entry 1 twice/],
])('a token file with %s is refused', (_, text, message) => {
  expect(() => StaticTokens.parse(Buffer.from(text))).toThrow(message);
});

test.each([
  ['not JSON', '-----BEGIN', /not JSON/],
  ['no keys', '{"keys":[]}', /no keys/],
  ['a shared secret', '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}', /secret or private key/],
])('a key set with %s is refused', (_, text, message) => {
  const settings = { issuer: 'i', audience: 'a', now: () => now };
  expect(() => WebTokens.parse(Buffer.from(text), settings)).toThrow(message);
});
