/** The settings of this room; services/config.ts reads them together with all others. */
import { z } from 'zod';
import { count } from '../setting-types.ts';

const text = () => z.string().min(1).optional();

export const SECURITY_SETTINGS = {
  VIGIL_TLS_CERT: text().describe(
    'PEM file of the certificate chain; with VIGIL_TLS_KEY the gRPC port speaks TLS.',
  ),
  VIGIL_TLS_KEY: text().describe('PEM file of the private key.'),
  VIGIL_TLS_CLIENT_CA: text().describe(
    'PEM file of authorities; clients must show a certificate of one of them.',
  ),
  VIGIL_PLAINTEXT: z
    .enum(['loopback', 'allow'])
    .default('loopback')
    .describe('Where gRPC may go without TLS. allow: everywhere, for a network that encrypts by itself.'),
  VIGIL_TOKENS_FILE: text().describe('JSON file of bearer tokens: [{name, sha256, scopes}].'),
  VIGIL_JWKS_FILE: text().describe('JSON Web Key Set that bearer tokens (JWT) are verified with.'),
  VIGIL_JWT_ISSUER: text().describe('Required iss of a JWT; goes with VIGIL_JWKS_FILE.'),
  VIGIL_JWT_AUDIENCE: text().describe('Required aud of a JWT; goes with VIGIL_JWKS_FILE.'),
  VIGIL_CLIENT_CERT_SCOPES: z
    .string()
    .default('classify,synthesize')
    .describe('What a client certificate alone may do: any of classify, synthesize, train, admin.'),
  VIGIL_CREDENTIALS_REFRESH_MS: count(50, 3_600_000)
    .default(10_000)
    .describe('Milliseconds between looks at certificate, token and key files, which may change.'),
  VIGIL_HANDSHAKE_LIMIT_MS: count(50, 60_000)
    .default(10_000)
    .describe('Milliseconds that a new connection has for its TLS and HTTP/2 handshakes, each.'),
  VIGIL_MAX_CONNECTIONS: count(1, 100_000).default(1024).describe('Most connections; more are dropped.'),
  VIGIL_MAX_CONNECTIONS_PER_ADDRESS: count(0, 100_000)
    .default(0)
    .describe('Most connections from one address; 0 for no such limit, as behind a proxy.'),
  VIGIL_MAX_STREAMS_PER_CONNECTION: count(1, 100_000)
    .default(2048)
    .describe('Most calls in flight on one connection; clients hold the others back.'),
  VIGIL_MAX_CALLS_PER_PRINCIPAL: count(0, 1_000_000)
    .default(16_384)
    .describe('Most calls in flight of one principal; 0 for no limit.'),
  VIGIL_MAX_STREAMS_PER_PRINCIPAL: count(0, 1_000_000)
    .default(10_000)
    .describe('Most streaming calls in flight of one principal; 0 for no limit.'),
  VIGIL_MAX_CALLS_PER_SECOND_PER_PRINCIPAL: count(0, 1_000_000)
    .default(0)
    .describe('Most calls a second of one principal, as many at once; 0 for no limit.'),
};
