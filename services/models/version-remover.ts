import { rm } from 'node:fs/promises';
import type { Logger } from 'pino';
import { VigilError } from '../../src/errors.ts';
import type { Registry } from '../../src/registry/registry.ts';
import type { AuditLog, ModelStore } from '../storage/store.ts';
import type { ModelResidency } from './residency.ts';

export interface VersionRemoverSettings {
  readonly store: ModelStore & AuditLog;
  readonly registry: Registry;
  readonly residency: ModelResidency;
  readonly log: Logger;
  readonly now: () => number;
}

/** Deletes versions: forgotten first, so that nobody finds one whose files are going. */
export class VersionRemover {
  readonly #settings: VersionRemoverSettings;

  constructor(settings: VersionRemoverSettings) {
    this.#settings = settings;
  }

  /** Files that a process which ended in the middle of a deletion has left. */
  async sweep(): Promise<void> {
    const { store } = this.#settings;
    for (const directory of await store.deletedBundles()) await this.#delete(directory);
  }

  /** The files go when the calls that hold the version are over. Errors: FIELD_INVALID, MODEL_NOT_FOUND, MODEL_IN_USE. */
  async remove(version: string, principal: string): Promise<void> {
    const { store, registry, residency, log, now } = this.#settings;
    if (!/^[1-9]\d*$/.test(version)) throw VigilError.field('version', JSON.stringify(version), 'a number');
    const { directory } = registry.resolve(version);
    const time = now();
    await store.deleteVersion(version, time);
    registry.remove(version);
    await store.audit({ time, principal, action: 'DeleteModelVersion', subject: version, detail: '' });
    log.info({ version }, 'model version deleted');
    residency.drop(version, () => void this.#delete(directory));
  }

  async #delete(directory: string): Promise<void> {
    // What cannot be deleted now is tried again at the next start.
    await rm(directory, { recursive: true, force: true }).catch((error: unknown) =>
      this.#settings.log.warn({ directory, err: error }, 'files of a deleted version remain'),
    );
  }
}
