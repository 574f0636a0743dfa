/** Which model versions are in the serving engine's memory, and what the health service says of them. */
import type { Logger } from 'pino';
import { type Registry, STABLE } from '../../src/registry/registry.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { EngineClient } from '../engine/engine.ts';
import { type HealthBoard, READY } from '../health.ts';
import type { Instruments } from '../observability/metrics.ts';
import { chooseEvictions, type MemoryLimits } from './eviction.ts';
import { LOAD_WAIT_MS, untilLoaded } from './load-wait.ts';

/**
 * Versions that nothing pins are unloaded, least recently used first, while more than `maxResident` are in memory or they hold
 * more than `memoryBytes`. Pinned versions are loaded all the same: an alias can always move.
 */
export interface ResidencySettings extends MemoryLimits {
  readonly registry: Registry;
  readonly engine: EngineClient;
  readonly health: HealthBoard;
  readonly instruments: Pick<Instruments, 'modelInfo' | 'modelSwap' | 'modelMemory'>;
  readonly log: Logger;
  /** How long calls wait for an engine process that is away. */
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
  /** What the engine says that it holds; 0 until it is loaded. */
  bytes: number;
  usedAt: number;
}

export class ModelResidency {
  readonly #settings: ResidencySettings;
  #residents = new Map<string, Resident>();
  /** By version; they outlive the engine process. */
  readonly #leases = new Map<string, number>();
  #uses = 0;
  #overBudget = false;
  /** What is to be done when versions that are deleted have drained. */
  readonly #drained = new Map<string, () => void>();
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
    // Canaries and shadows last: callers do without them.
    for (const { version } of registry.trafficOf()) await this.#tryLoad(registry.resolve(version));
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
   * process that is away, but for each at most `mostMs`. Errors: ENGINE_UNAVAILABLE (no process in `engineWaitMs`),
   * MODEL_LOADING (it takes too long), MODEL_NOT_FOUND, ARTIFACT_CORRUPT, MODEL_INCOMPATIBLE, or the signal's reason.
   */
  whenLoaded(version: string, signal?: AbortSignal, mostMs = Number.POSITIVE_INFINITY): Promise<void> {
    const { engine, registry, engineWaitMs } = this.#settings;
    return untilLoaded({
      engine,
      version,
      isLoaded: () => this.isLoaded(version),
      load: () => this.#resident(registry.resolve(version)).ready,
      engineWaitMs: Math.min(engineWaitMs, mostMs),
      loadWaitMs: Math.min(LOAD_WAIT_MS, mostMs),
      signal,
    });
  }

  /** Takes a version by number or alias, loaded first where it is not. Errors: MODEL_NOT_FOUND, and as `whenLoaded`. */
  async lease(model: string, signal: AbortSignal, mostMs?: number): Promise<Lease> {
    const lease = this.hold(model);
    try {
      await this.whenLoaded(lease.version.version, signal, mostMs);
      return lease;
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  /**
   * Loads a version into the process of the moment and holds it, so that an alias can be pointed at it before it is
   * released. Errors: ENGINE_UNAVAILABLE, ARTIFACT_CORRUPT, MODEL_INCOMPATIBLE; what serves goes on serving.
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

  /** Unloads a version that no name finds any more as soon as nothing holds it, and calls back once. */
  drop(version: string, gone: () => void): void {
    this.#drained.set(version, gone);
    this.#release(version);
  }

  /** Unloads what nothing pins any more, as far as the limits ask for it. */
  trim(): void {
    this.#evict();
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
    this.#leases.set(version, this.#leasesOf(version) + 1);
    const resident = this.#residents.get(version);
    if (resident) resident.usedAt = ++this.#uses;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const left = this.#leasesOf(version) - 1;
      if (left > 0) this.#leases.set(version, left);
      else this.#leases.delete(version);
      this.#release(version);
      this.#evict();
    };
  }

  #leasesOf(version: string): number {
    return this.#leases.get(version) ?? 0;
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
      bytes: 0,
      usedAt: ++this.#uses,
      ready: engine.call('load', { version: number, directory }).then(
        ({ bytes }) => {
          resident.loaded = true;
          resident.bytes = bytes;
          log.info({ version: number, bytes, ms: Math.round(performance.now() - began) }, 'model loaded');
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
    this.#settings.instruments.modelMemory.set(0);
    for (const version of [...this.#drained.keys()]) this.#release(version);
    health.set(READY, false);
    for (const alias of registry.aliases().keys()) health.set(alias, false);
  }

  #evict(): void {
    const { registry, instruments, memoryBytes, log } = this.#settings;
    const residents = [...this.#residents.values()];
    const leasesOf = (version: string): number => this.#leasesOf(version);
    const { unload, bytes } = chooseEvictions(residents, registry.pinned(), leasesOf, this.#settings);
    for (const resident of unload) this.#unload(resident);
    instruments.modelMemory.set(bytes);
    const over = bytes > memoryBytes;
    // Once each time that it begins: every call comes by here.
    if (over && !this.#overBudget)
      log.warn({ bytes, memoryBytes }, 'models that are pinned or in use exceed VIGIL_MODEL_MEMORY_BYTES');
    this.#overBudget = over;
  }

  /** For a version that is deleted. */
  #release(version: string): void {
    const gone = this.#drained.get(version);
    if (!gone) return;
    if (this.#leasesOf(version) > 0) return;
    const resident = this.#residents.get(version);
    this.#drained.delete(version);
    if (!resident) {
      gone();
      return;
    }
    this.#residents.delete(version);
    // It may be loading still, for nobody.
    const unload = (): void => this.#unload(resident);
    void resident.ready.then(unload, () => {}).then(gone);
  }

  #unload({ version: { version } }: Resident): void {
    const { engine, log } = this.#settings;
    this.#residents.delete(version);
    log.info({ version }, 'model unloaded');
    engine.call('unload', { version }).catch(() => {});
  }
}
