/** JSON Web Tokens (RFC 7519) checked against a file of public keys (RFC 7517), and remembered while they are valid. */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { VigilError } from '../../src/errors.ts';
import { type Caller, isPrintableName } from './caller.ts';
import { knownScopes } from './scopes.ts';

/** Signatures with a public key only: with a shared secret, whoever can verify can also sign (RFC 8725, 3.1). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** Verified tokens that are remembered; the oldest goes first. */
const MAX_REMEMBERED = 10_000;
/** Signatures that are checked at the same time: a flood of forged tokens must not take the whole process. */
const MAX_VERIFYING = 64;
/** Difference of clocks that is forgiven. */
const TOLERANCE_SECONDS = 30;

export interface WebTokenSettings {
  readonly issuer: string;
  readonly audience: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export class WebTokens {
  readonly #keys: ReturnType<typeof createLocalJWKSet>;
  readonly #settings: WebTokenSettings;
  readonly #remembered = new Map<string, { readonly caller: Caller; readonly until: number }>();
  #verifying = 0;

  private constructor(keys: ReturnType<typeof createLocalJWKSet>, settings: WebTokenSettings) {
    this.#keys = keys;
    this.#settings = settings;
  }

  /** Parses a JSON Web Key Set. Errors: FIELD_INVALID. */
  static parse(content: Buffer, settings: WebTokenSettings): WebTokens {
    try {
      const set = JSON.parse(content.toString('utf8')) as JSONWebKeySet;
      if (!Array.isArray(set?.keys) || set.keys.length === 0) throw new Error('it has no keys');
      if (set.keys.some(({ kty, d }) => kty === 'oct' || d !== undefined))
        throw new Error('it has a secret or private key in it');
      return new WebTokens(createLocalJWKSet(set), settings);
    } catch (cause) {
      const found = `a file that cannot be used (${cause instanceof SyntaxError ? 'not JSON' : (cause as Error).message})`;
      throw VigilError.field('VIGIL_JWKS_FILE', found, 'a JSON Web Key Set of public keys');
    }
  }

  /** The caller of a token that was verified before and has not expired. */
  recall(token: string): Caller | undefined {
    const known = this.#remembered.get(token);
    if (!known) return undefined;
    if (this.#settings.now() < known.until) return known.caller;
    this.#remembered.delete(token);
    return undefined;
  }

  /** Verifies signature, algorithm, issuer, audience and times. Errors: UNAUTHENTICATED, QUOTA_EXCEEDED. */
  async verify(token: string): Promise<Caller> {
    if (this.#verifying >= MAX_VERIFYING) {
      const message = `${MAX_VERIFYING} signatures are being verified; at most ${MAX_VERIFYING} may`;
      throw new VigilError('QUOTA_EXCEEDED', message, { retryAfterMs: 100 });
    }
    this.#verifying += 1;
    try {
      const { issuer, audience, now } = this.#settings;
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: new Date(now()),
      });
      const caller = callerOf(payload);
      this.#remember(token, caller, (payload.exp! + TOLERANCE_SECONDS) * 1000);
      return caller;
    } catch (cause) {
      if (cause instanceof VigilError) throw cause;
      throw new VigilError('UNAUTHENTICATED', `authorization: ${reasonOf(cause)}`, { cause });
    } finally {
      this.#verifying -= 1;
    }
  }

  #remember(token: string, caller: Caller, until: number): void {
    if (this.#remembered.size >= MAX_REMEMBERED) {
      const [oldest] = this.#remembered.keys();
      this.#remembered.delete(oldest!);
    }
    this.#remembered.set(token, { caller, until });
  }
}

/** `scope` is a space-separated string (RFC 8693, 4.2), `scp` an array or string as other issuers write it. */
function callerOf({ sub, scope, scp }: JWTPayload): Caller {
  if (!isPrintableName(sub))
    throw new VigilError(
      'UNAUTHENTICATED',
      'authorization: found a "sub" that is no name; allowed: 1 to 256 printable characters',
    );
  const words = [scope, scp].flatMap((claim) =>
    typeof claim === 'string' ? claim.split(' ') : (claim ?? []),
  );
  return { name: `jwt:${sub}`, scopes: knownScopes(words as unknown[]) };
}

/** What may be said to somebody who is not known: the claim that failed, never its expected value. */
function reasonOf(cause: unknown): string {
  if (cause instanceof errors.JWTExpired)
    return 'found a token that has expired; allowed: one that is valid now';
  if (cause instanceof errors.JWTClaimValidationFailed)
    return `found a token whose "${cause.claim}" is not accepted; allowed: one issued for this service`;
  if (cause instanceof errors.JOSEAlgNotAllowed)
    return `found a token with an algorithm that is not accepted; allowed: ${ALGORITHMS.join(', ')}`;
  return 'found a token that cannot be verified; allowed: one signed by a key of this service';
}
