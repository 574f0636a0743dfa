/** Versions and aliases in memory, in step with their store. */
import { VigilError } from '../errors.ts';
import { findUnlike } from './fit.ts';
import type { TrafficMode, TrafficSplit } from './traffic.ts';
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
  /** By alias, then mode. */
  readonly #traffic = new Map<string, Map<TrafficMode, TrafficSplit>>();

  constructor(
    versions: Iterable<VersionRecord>,
    aliases: Iterable<readonly [string, string]>,
    traffic: Iterable<TrafficSplit> = [],
  ) {
    for (const version of versions) this.#versions.set(version.version, version);
    for (const [alias, version] of aliases) this.#aliases.set(alias, version);
    for (const split of traffic) this.setTraffic(split);
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

  /** Splits that end with the move are gone too; `endsWith` says which. */
  point(alias: string, version: string): void {
    this.#aliases.set(alias, version);
    const target = this.#versions.get(version);
    for (const split of this.trafficOf(alias))
      if (target && endsWith(split, this.#versions.get(split.version)!, target))
        this.clearTraffic(alias, split.mode);
  }

  /** Of one alias, or of all. */
  trafficOf(alias?: string): TrafficSplit[] {
    const splits =
      alias === undefined ? [...this.#traffic.values()] : [this.#traffic.get(alias) ?? new Map()];
    return splits.flatMap((modes) => [...modes.values()]);
  }

  split(alias: string, mode: TrafficMode): TrafficSplit | undefined {
    return this.#traffic.get(alias)?.get(mode);
  }

  setTraffic(split: TrafficSplit): void {
    const modes = this.#traffic.get(split.alias) ?? new Map<TrafficMode, TrafficSplit>();
    this.#traffic.set(split.alias, modes.set(split.mode, split));
  }

  clearTraffic(alias: string, mode: TrafficMode): void {
    this.#traffic.get(alias)?.delete(mode);
  }

  /** Versions that aliases, canaries or shadows name: they stay loaded, and cannot be deleted. */
  pinned(): ReadonlySet<string> {
    return new Set([...this.#aliases.values(), ...this.trafficOf().map(({ version }) => version)]);
  }

  /** No name finds it any more. */
  remove(version: string): void {
    this.#versions.delete(version);
  }
}

/** Whether a split ends when its alias moves to `target`: it has become the alias's version, or no longer fits it. */
export function endsWith(split: TrafficSplit, version: VersionRecord, target: VersionRecord): boolean {
  return split.version === target.version || findUnlike(version.manifest, target.manifest, '') !== undefined;
}
