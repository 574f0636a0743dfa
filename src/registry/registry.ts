/** Versions and aliases in memory, in step with their store. */
import { VigilError } from '../errors.ts';
import type { VersionRecord, VersionSource } from './version.ts';

/** The alias that serves when a request names no model. */
export const STABLE = 'stable';
/** The alias that every finished training moves. */
export const CANDIDATE = 'candidate';

const ALIAS = /^[a-z][a-z0-9-]{0,62}$/;

/** Errors: FIELD_INVALID when it is no alias name; a number would shadow a version. */
export function checkAlias(alias: string): string {
  if (ALIAS.test(alias)) return alias;
  const allowed = '1 to 63 lower-case letters, digits and dashes, beginning with a letter';
  throw VigilError.field('alias', JSON.stringify(alias), allowed);
}

/** ALIAS_CONFLICT when `expected` is given ("" for no alias) and the alias points elsewhere. */
export function checkExpected(alias: string, pointsAt: string, expected: string | undefined): void {
  if (expected === undefined || expected === pointsAt) return;
  const found = pointsAt === '' ? 'does not exist' : `points at version ${pointsAt}`;
  const wanted = expected === '' ? 'not to exist' : `version ${expected}`;
  throw new VigilError('ALIAS_CONFLICT', `alias ${alias} ${found}; expected ${wanted}`);
}

export class Registry implements VersionSource {
  readonly #versions = new Map<string, VersionRecord>();
  readonly #aliases = new Map<string, string>();

  constructor(versions: Iterable<VersionRecord>, aliases: Iterable<readonly [string, string]>) {
    for (const version of versions) this.#versions.set(version.version, version);
    for (const [alias, version] of aliases) this.#aliases.set(alias, version);
  }

  resolve(model: string): VersionRecord {
    const name = model === '' ? STABLE : model;
    const version = this.#versions.get(this.#aliases.get(name) ?? name);
    if (version) return version;
    const aliases = [...this.#aliases].map(([alias, target]) => `${alias} (version ${target})`);
    const known =
      this.#versions.size === 0 ? 'there are none yet; train one' : `aliases: ${aliases.join(', ')}`;
    throw new VigilError('MODEL_NOT_FOUND', `no model version or alias ${JSON.stringify(name)}; ${known}`, {
      metadata: { model: name },
    });
  }

  aliases(): ReadonlyMap<string, string> {
    return this.#aliases;
  }

  /** Aliases of one version. */
  aliasesOf(version: string): string[] {
    return [...this.#aliases].flatMap(([alias, target]) => (target === version ? [alias] : []));
  }

  /** Newest first. */
  versions(): VersionRecord[] {
    return [...this.#versions.values()].reverse();
  }

  add(version: VersionRecord): void {
    this.#versions.set(version.version, version);
  }

  point(alias: string, version: string): void {
    this.#aliases.set(alias, version);
  }
}
