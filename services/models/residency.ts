/** Which model versions are in the serving engine's memory, and what the health service says of them. */
import type { Logger } from 'pino';
import { VigilError } from '../../src/errors.ts';
import { type Registry, STABLE } from '../../src/registry/registry.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { EngineClient } from '../engine/engine.ts';
import { type HealthBoard, READY } from '../health.ts';
import type { Instruments } from '../observability/metrics.ts';
import { untilLoaded } from './load-wait.ts';

export interface ResidencySettings {
  readonly registry: Registry;
  readonly engine: EngineClient;
  readonly health: HealthBoard;
  readonly instruments: Pick<Instruments, 'modelInfo' | 'modelSwap'>;
  readonly log: Logger;
  /** Versions without an alias are unloaded, least recently used first, while more than so many are in memory. */
  readonly maxResident: number;
  /** How long `whenLoaded` waits for an engine process that is away. */
  readonly engineWaitMs: number;
}

/** A version that stays loaded until it is released. */
export interface Lease {
  readonly version: VersionRecord;
  release(): void;
}

interface Resident {
  readonly version: VersionRecord;
  readonly ready: Promise<void>;
  loaded: boolean;
  usedAt: number;
}

/** A call waits so long for its version to load. */
const LOAD_WAIT_MS = 10_000;

export class ModelResidency {
  readonly #settings: ResidencySettings;
  #residents = new Map<string, Resident>();
  /** By version; they outlive the engine process. */
  readonly #leases = new Map<string, number>();
  #uses = 0;
  readonly #unsubscribe: (() => void)[];

  constructor(settings: ResidencySettings) {
    this.#settings = settings;
    const { engine } = settings;
    this.#unsubscribe = [engine.onDown(() => this.#lost()), engine.onUp(() => void this.open())];
  }

  /** Loads what aliases point at, `stable` first; ready when each is loaded or known to be unloadable. */
  async open(): Promise<void> {
    const { registry, health, instruments } = this.#settings;
    const aliases = [...registry.aliases()].sort(([a], [b]) => Number(b === STABLE) - Number(a === STABLE));
    const residents = this.#residents;
    for (const [alias, number] of aliases) {
      const serving = await this.#tryLoad(registry.resolve(number));
      // The process went away meanwhile: its successor has its own call of this.
      if (residents !== this.#residents) return;
      health.set(alias, serving);
      if (serving) instruments.modelInfo.set({ version: number, alias }, 1);
    }
    if (this.#settings.engine.info) health.set(READY, true);
  }

  isLoaded(version: string): boolean {
    return this.#residents.get(version)?.loaded ?? false;
  }

  /** Takes a version by number or alias, loaded or not: for what asks `whenLoaded` before it runs. MODEL_NOT_FOUND. */
  hold(model: string): Lease {
    const version = this.#settings.registry.resolve(model);
    return { version, release: this.#hold(version) };
  }

  /**
   * Resolves when a version is loaded in the engine process of the moment; loads it where it is not, and waits for a
   * process that is away. Errors: ENGINE_UNAVAILABLE (no process in `engineWaitMs`), MODEL_LOADING (it takes too
   * long), MODEL_NOT_FOUND, ARTIFACT_CORRUPT, MODEL_INCOMPATIBLE.
   */
  whenLoaded(version: string): Promise<void> {
    const { engine, registry, engineWaitMs } = this.#settings;
    return untilLoaded({
      engine,
      version,
      isLoaded: () => this.isLoaded(version),
      load: () => this.#resident(registry.resolve(version)).ready,
      engineWaitMs,
      loadWaitMs: LOAD_WAIT_MS,
    });
  }

  /**
   * Takes a version by number or alias, loaded first where it is not. Errors: MODEL_NOT_FOUND, ENGINE_UNAVAILABLE,
   * MODEL_LOADING (it takes too long), ARTIFACT_CORRUPT, MODEL_INCOMPATIBLE, or the signal's reason.
   */
  async lease(model: string, signal: AbortSignal): Promise<Lease> {
    const resident = this.#resident(this.#settings.registry.resolve(model));
    const release = this.#hold(resident.version);
    try {
      if (!resident.loaded) await waitFor(resident, signal);
      return { version: resident.version, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * Loads a version and holds it, so that an alias can be pointed at it before it is released. Errors as `lease`; what
   * serves goes on serving.
   */
  async prepare(version: VersionRecord): Promise<Lease> {
    const resident = this.#resident(version);
    const release = this.#hold(resident.version);
    try {
      await resident.ready;
      return { version, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Points an alias at a prepared version. */
  point(alias: string, version: string, swapSeconds: number): void {
    const { registry, health, instruments } = this.#settings;
    const before = registry.aliases().get(alias);
    if (before !== undefined) instruments.modelInfo.remove({ version: before, alias });
    registry.point(alias, version);
    instruments.modelInfo.set({ version, alias }, 1);
    instruments.modelSwap.observe(swapSeconds);
    health.set(alias, this.isLoaded(version));
    // Prepared in a process that is gone by now: its successor is given the version too.
    if (!this.isLoaded(version)) void this.#tryLoad(registry.resolve(version));
    this.#evict();
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  /** Keeps a version from being unloaded until the returned function is called. */
  #hold({ version }: VersionRecord): () => void {
    this.#leases.set(version, (this.#leases.get(version) ?? 0) + 1);
    const resident = this.#residents.get(version);
    if (resident) resident.usedAt = ++this.#uses;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const left = this.#leases.get(version)! - 1;
      if (left > 0) this.#leases.set(version, left);
      else this.#leases.delete(version);
      this.#evict();
    };
  }

  #resident(version: VersionRecord): Resident {
    const kept = this.#residents.get(version.version);
    if (kept) return kept;
    const { engine, log, health } = this.#settings;
    const began = performance.now();
    const residents = this.#residents;
    const { version: number, directory } = version;
    const resident: Resident = {
      version,
      loaded: false,
      usedAt: ++this.#uses,
      ready: engine.call('load', { version: number, directory }).then(
        () => {
          resident.loaded = true;
          log.info({ version: number, ms: Math.round(performance.now() - began) }, 'model loaded');
          for (const alias of this.#settings.registry.aliasesOf(number)) health.set(alias, true);
          this.#evict();
        },
        (error: unknown) => {
          // A later call tries again.
          residents.delete(number);
          log.error({ version: number, err: error }, 'model cannot be loaded');
          throw error;
        },
      ),
    };
    resident.ready.catch(() => {});
    residents.set(number, resident);
    return resident;
  }

  async #tryLoad(version: VersionRecord): Promise<boolean> {
    try {
      (await this.prepare(version)).release();
      return true;
    } catch {
      return false;
    }
  }

  /** A new engine process starts empty. */
  #lost(): void {
    const { health, registry } = this.#settings;
    this.#residents = new Map();
    health.set(READY, false);
    for (const alias of registry.aliases().keys()) health.set(alias, false);
  }

  #evict(): void {
    const { registry, engine, maxResident, log } = this.#settings;
    const aliased = new Set(registry.aliases().values());
    const idle = [...this.#residents.values()]
      .filter(
        ({ loaded, version: { version } }) => loaded && !this.#leases.has(version) && !aliased.has(version),
      )
      .sort((a, b) => a.usedAt - b.usedAt);
    for (const { version } of idle) {
      if (this.#residents.size <= maxResident) return;
      this.#residents.delete(version.version);
      log.info({ version: version.version }, 'model unloaded');
      engine.call('unload', { version: version.version }).catch(() => {});
    }
  }
}

async function waitFor({ ready, version }: Resident, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const limit = new Promise<never>((_, reject) => {
    const tooLong = (): void => {
      const message = `model version ${version.version} is still being loaded`;
      reject(new VigilError('MODEL_LOADING', message, { retryAfterMs: 1000 }));
    };
    const timer = setTimeout(tooLong, LOAD_WAIT_MS);
    const aborted = (): void => reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    };
  });
  try {
    await Promise.race([ready, limit]);
  } finally {
    stop();
  }
}
