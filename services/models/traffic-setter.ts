import type { Logger } from 'pino';
import { VigilError } from '../../src/errors.ts';
import { findUnlike } from '../../src/registry/fit.ts';
import { checkAlias, type Registry } from '../../src/registry/registry.ts';
import type { TrafficMode, TrafficSplit } from '../../src/registry/traffic.ts';
import type { AuditLog, ModelStore } from '../storage/store.ts';
import type { ModelResidency } from './residency.ts';

export interface TrafficSetterSettings {
  readonly store: ModelStore & AuditLog;
  readonly registry: Registry;
  readonly residency: ModelResidency;
  readonly log: Logger;
  readonly now: () => number;
}

/** Begins and ends canaries and shadows: loaded first, written down, then used. */
export class TrafficSetter {
  readonly #settings: TrafficSetterSettings;

  constructor(settings: TrafficSetterSettings) {
    this.#settings = settings;
  }

  /**
   * `split.version` may be an alias. Errors: FIELD_INVALID, MODEL_NOT_FOUND, MODEL_INCOMPATIBLE, ALIAS_CONFLICT,
   * ARTIFACT_CORRUPT, ENGINE_UNAVAILABLE.
   */
  async set(split: TrafficSplit, principal: string): Promise<TrafficSplit> {
    const { store, registry, residency, log } = this.#settings;
    const { alias, mode, share } = split;
    const primary = this.#primary(alias);
    if (split.version === '') throw VigilError.field('version', 'nothing', 'a version or an alias');
    const target = registry.resolve(split.version);
    const { version } = target;
    if (version === primary)
      throw VigilError.field('version', `${version}, which ${alias} points at`, 'another version');
    const unlike = findUnlike(target.manifest, registry.resolve(primary).manifest, alias);
    if (unlike) {
      const message = `version ${version} cannot be the ${mode} of ${alias}: ${unlike}`;
      throw new VigilError('MODEL_INCOMPATIBLE', message, { metadata: { subject: version } });
    }
    const { release } = await residency.prepare(target);
    try {
      const stored: TrafficSplit = { alias, version, mode, share };
      await store.setTraffic(stored, primary);
      registry.setTraffic(stored);
      await this.#audit('SetTraffic', alias, `${mode} version ${version}, share ${share}`, principal);
      log.info(stored, 'traffic set');
      return stored;
    } finally {
      release();
    }
  }

  /** What ended; undefined when there was nothing. Errors: FIELD_INVALID, MODEL_NOT_FOUND. */
  async clear(alias: string, mode: TrafficMode, principal: string): Promise<TrafficSplit | undefined> {
    const { store, registry, residency, log } = this.#settings;
    this.#primary(alias);
    const ended = registry.split(alias, mode);
    if (!ended) return undefined;
    await store.clearTraffic(alias, mode);
    registry.clearTraffic(alias, mode);
    residency.trim();
    await this.#audit('ClearTraffic', alias, `${mode} version ${ended.version}`, principal);
    log.info(ended, 'traffic cleared');
    return ended;
  }

  /** The version that the alias points at. */
  #primary(alias: string): string {
    const version = this.#settings.registry.aliases().get(checkAlias(alias));
    if (version !== undefined) return version;
    throw new VigilError('MODEL_NOT_FOUND', `no alias ${alias}`, { metadata: { model: alias } });
  }

  #audit(action: string, subject: string, detail: string, principal: string): Promise<void> {
    const { store, now } = this.#settings;
    return store.audit({ time: now(), principal, action, subject, detail });
  }
}
