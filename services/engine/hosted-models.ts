/** The versions that one instance of the engine has loaded, and the order in which work on them runs. */
import { VigilError } from '../../src/errors.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { Mutex } from '../mutex.ts';
import { HostedModel, type HostedParts } from './model-host.ts';
import type { EngineCalls, LoadedModel } from './protocol.ts';
import { Scheduler } from './scheduler.ts';

export class HostedModels {
  readonly scheduler = new Scheduler();
  readonly #engine: Engine;
  readonly #parts: HostedParts;
  readonly #models = new Map<string, HostedModel>();
  /** Versions come and go in the order that they are asked to. */
  readonly #changes = new Mutex();

  constructor(engine: Engine, parts: HostedParts) {
    this.#engine = engine;
    this.#parts = parts;
  }

  /** MODEL_LOADING when it is not loaded. */
  find(version: string): HostedModel {
    const found = this.#models.get(version);
    if (!found) throw new VigilError('MODEL_LOADING', `model version ${version} is not loaded in the engine`);
    return found;
  }

  /** In pieces, between which more urgent work runs. Errors: ARTIFACT_CORRUPT, MODEL_INCOMPATIBLE; what was loaded stays. */
  load({ version, directory }: EngineCalls['load']['request']): Promise<LoadedModel> {
    return this.#changes.run(async () => {
      const loaded = await HostedModel.load(this.#engine, version, directory, {
        parts: this.#parts,
        piece: (work) => this.scheduler.run('load', work),
      });
      const before = this.#models.get(version);
      this.#models.set(version, loaded);
      if (before) await this.#dispose(before);
      return loaded.info;
    });
  }

  unload({ version }: EngineCalls['unload']['request']): Promise<EngineCalls['unload']['reply']> {
    return this.#changes.run(async () => {
      const found = this.#models.get(version);
      this.#models.delete(version);
      if (found) await this.#dispose(found);
      return { unloaded: found !== undefined };
    });
  }

  classify({
    version,
    rows,
    values,
    embedding: wanted,
  }: EngineCalls['classify']['request']): Promise<EngineCalls['classify']['reply']> {
    return this.scheduler.run('classify', async () => {
      const began = performance.now();
      const { logits, embedding } = await this.find(version).classify(rows, joined(values));
      // The graph computes it anyway; sending it costs as much again as sending a small batch.
      const sent = wanted ? embedding : undefined;
      return { logits, embedding: sent, computeSeconds: (performance.now() - began) / 1000 };
    });
  }

  /** Not while it runs. */
  #dispose(model: HostedModel): Promise<void> {
    return this.scheduler.run('load', () => model.dispose());
  }
}

/** From the batch channel they come in one piece. */
function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
