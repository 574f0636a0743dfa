/** Bearer tokens that are listed in a file by their SHA-256; the file is worth nothing to whoever reads it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { VigilError } from '../../src/errors.ts';
import { type Caller, isPrintableName } from './caller.ts';
import { parseScopes } from './scopes.ts';

const FIELD = 'VIGIL_TOKENS_FILE';
/** Each call compares with all of them. */
const MAX_TOKENS = 1000;

const schema = z
  .array(
    z.strictObject({
      name: z.string().refine(isPrintableName, 'allowed: 1 to 256 printable characters'),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'allowed: 64 lower-case hex digits'),
      scopes: z.array(z.unknown()),
    }),
  )
  .max(MAX_TOKENS);

export class StaticTokens {
  readonly #entries: readonly { readonly hash: Buffer; readonly caller: Caller }[];

  private constructor(entries: readonly { readonly hash: Buffer; readonly caller: Caller }[]) {
    this.#entries = entries;
  }

  /** Parses `[{name, sha256, scopes}]`. Errors: FIELD_INVALID, without what the file says in it. */
  static parse(content: Buffer): StaticTokens {
    const result = schema.safeParse(parseJson(content));
    if (!result.success) {
      const { path, message } = result.error.issues[0]!;
      throw VigilError.field(
        FIELD,
        `a file with a problem at [${path.join('.')}]: ${message}`,
        'a JSON array of {name, sha256, scopes}',
      );
    }
    const seen = new Set<string>();
    const entries = result.data.map(({ name, sha256, scopes }, i) => {
      for (const key of [`name ${name}`, `hash ${sha256}`])
        if (seen.has(key)) throw VigilError.field(FIELD, `entry ${i} twice`, 'each name and hash once');
        else seen.add(key);
      const caller = { name: `token:${name}`, scopes: parseScopes(scopes, `${FIELD}[${i}].scopes`) };
      return { hash: Buffer.from(sha256, 'hex'), caller };
    });
    return new StaticTokens(entries);
  }

  /** Who has the token. Every entry is compared, in constant time: how long it takes says nothing. */
  find(token: string): Caller | undefined {
    const hash = createHash('sha256').update(token).digest();
    let found: Caller | undefined;
    for (const entry of this.#entries) if (timingSafeEqual(entry.hash, hash)) found = entry.caller;
    return found;
  }
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    throw VigilError.field(FIELD, 'a file that is not JSON', 'a JSON array of {name, sha256, scopes}');
  }
}
