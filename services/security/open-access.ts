/** From settings to the gate of every call. */
import { VigilError } from '../../src/errors.ts';
import { type Config, splitAddress } from '../config.ts';
import type { Logger } from '../observability/logger.ts';
import type { AuditLog } from '../storage/store.ts';
import { Access } from './access.ts';
import { DenialAudit } from './denial-audit.ts';
import { Quotas } from './quotas.ts';
import { parseScopes } from './scopes.ts';
import { StaticTokens } from './static-tokens.ts';
import { isLoopback } from './transport.ts';
import { WatchedFiles } from './watched-files.ts';
import { WebTokens } from './web-tokens.ts';

/** Principals whose calls are counted. */
const MAX_PRINCIPALS = 10_000;

export interface AccessParts {
  /** Whom a peer's certificate belongs to; undefined without mTLS. */
  readonly subject: ((peer: string) => string | undefined) | undefined;
  readonly store: AuditLog;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds of a clock that never goes back. */
  readonly ticks: () => number;
}

/** Errors: FIELD_INVALID for files that cannot be read or used, and for JWT settings that do not come together. */
export function openAccess(config: Config, parts: AccessParts): { access: Access; close(): void } {
  const { subject, store, log, now, ticks } = parts;
  const refreshMs = config.VIGIL_CREDENTIALS_REFRESH_MS;
  const { VIGIL_TOKENS_FILE, VIGIL_JWKS_FILE, VIGIL_CLIENT_CERT_SCOPES: words } = config;
  const scopes = parseScopes(
    words.split(',').flatMap((word) => word.trim() || []),
    'VIGIL_CLIENT_CERT_SCOPES',
  );
  const issued = checkIssued(config);
  const tokens =
    VIGIL_TOKENS_FILE === undefined
      ? undefined
      : new WatchedFiles({
          files: { VIGIL_TOKENS_FILE },
          parse: ([file]) => StaticTokens.parse(file!),
          refreshMs,
          log,
        });
  const keys =
    VIGIL_JWKS_FILE === undefined || issued === undefined
      ? undefined
      : new WatchedFiles({
          files: { VIGIL_JWKS_FILE },
          parse: ([file]) => WebTokens.parse(file!, { ...issued, now }),
          refreshMs,
          log,
        });
  const limits = {
    calls: config.VIGIL_MAX_CALLS_PER_PRINCIPAL,
    streams: config.VIGIL_MAX_STREAMS_PER_PRINCIPAL,
    callsPerSecond: config.VIGIL_MAX_CALLS_PER_SECOND_PER_PRINCIPAL,
    principals: MAX_PRINCIPALS,
  };
  if (!tokens && !keys && !subject && !isLoopback(splitAddress(config.VIGIL_GRPC_ADDRESS).host))
    log.warn('no tokens, keys or certificates are configured: whoever reaches the port may do everything');
  const denials = new DenialAudit(store, log, now);
  const access = new Access({
    staticTokens: tokens && (() => tokens.value),
    webTokens: keys && (() => keys.value),
    certificates: subject && { subject, scopes },
    quotas: new Quotas(limits, ticks),
    onDenied: (principal, method, scope) => denials.denied(principal, method, scope),
  });
  return {
    access,
    close: () => {
      tokens?.close();
      keys?.close();
    },
  };
}

/** A key set without an issuer and an audience would take every token that its issuer made for anybody. */
function checkIssued(config: Config): { issuer: string; audience: string } | undefined {
  const { VIGIL_JWKS_FILE: file, VIGIL_JWT_ISSUER: issuer, VIGIL_JWT_AUDIENCE: audience } = config;
  if (file === undefined && issuer === undefined && audience === undefined) return undefined;
  if (file !== undefined && issuer !== undefined && audience !== undefined) return { issuer, audience };
  const settings = { VIGIL_JWKS_FILE: file, VIGIL_JWT_ISSUER: issuer, VIGIL_JWT_AUDIENCE: audience };
  const [missing] = Object.entries(settings).find(([, value]) => value === undefined)!;
  throw VigilError.field(missing, 'nothing', `a value: ${Object.keys(settings).join(', ')} come together`);
}
