import { layoutOf, type NetworkName, weightsKey } from '../../src/models/networks.ts';
import { layoutSize } from '../../src/models/parameters.ts';
import { classifyProgram } from '../../src/models/programs.ts';
import { readWeights, specOfManifest } from '../../src/registry/bundle.ts';
import { readManifest } from '../../src/registry/bundle-files.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import { Sampler } from '../../src/synthesis/sampler.ts';
import type { Engine, EngineState, Executable } from '../../src/tensor/engine.ts';
import type { LoadedModel } from './protocol.ts';

/** Batch sizes that are compiled and warmed; a batch runs at the next larger one, its last rows zero. */
export const BUCKETS = [1, 2, 4, 8, 16, 32, 64] as const;
const LARGEST = 64;

/** One model version in the engine: compiled, warmed, ready. */
export class HostedModel {
  readonly info: LoadedModel;
  readonly #manifest: BundleManifest;
  readonly #state: EngineState;
  readonly #classify: ReadonlyMap<number, Executable>;
  readonly #sampler: Sampler | undefined;

  private constructor(
    info: LoadedModel,
    manifest: BundleManifest,
    state: EngineState,
    classify: ReadonlyMap<number, Executable>,
    sampler: Sampler | undefined,
  ) {
    this.info = info;
    this.#manifest = manifest;
    this.#state = state;
    this.#classify = classify;
    this.#sampler = sampler;
  }

  /** Reads, checks, compiles and runs every bucket once. Errors: ARTIFACT_CORRUPT, MODEL_INCOMPATIBLE. */
  static async load(engine: Engine, version: string, directory: string): Promise<HostedModel> {
    const manifest = await readManifest(directory);
    const spec = specOfManifest(manifest);
    const networks: NetworkName[] = manifest.hasGenerator ? ['classifier', 'generator'] : ['classifier'];
    const weights: Record<string, Float32Array> = {};
    const shapes: Record<string, number[]> = {};
    for (const network of networks) {
      weights[weightsKey(network)] = await readWeights(directory, manifest, network);
      shapes[weightsKey(network)] = [layoutSize(layoutOf(network, spec))];
    }
    const state = engine.createState(shapes, weights);
    const classify = new Map<number, Executable>();
    for (const rows of BUCKETS) {
      const program = { ...classifyProgram(spec, manifest.limits, rows, manifest.temperature), frozen: true };
      const executable = await engine.compile(program, state);
      classify.set(rows, executable);
      await executable.run({ samples: new Float32Array(rows * spec.channels * spec.steps) });
    }
    const sampler = manifest.hasGenerator ? new Sampler(engine, spec, manifest.limits, state) : undefined;
    await sampler?.sample(0, 0, 0, 1, 'original');
    const { classNames, channelNames, channels, steps, hasGenerator } = manifest;
    const compiled = [...classify.values()].reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    const held = Object.values(weights).reduce((sum, { byteLength }) => sum + byteLength, compiled);
    const bytes = held + (sampler?.heldBytes ?? 0);
    const info = { version, classNames, channelNames, channels, steps, hasGenerator, bytes };
    return new HostedModel(info, manifest, state, classify, sampler);
  }

  /** `[rows, channels, steps]` in original units to probabilities `[rows, classes]`. */
  async classify(rows: number, values: Float32Array): Promise<Float32Array> {
    const size = this.#manifest.channels * this.#manifest.steps;
    const classes = this.#manifest.classNames.length;
    const out = new Float32Array(rows * classes);
    for (let start = 0; start < rows; start += LARGEST) {
      const count = Math.min(LARGEST, rows - start);
      const bucket = BUCKETS.find((candidate) => candidate >= count)!;
      let samples = values.subarray(start * size, (start + count) * size);
      if (bucket !== count) {
        const padded = new Float32Array(bucket * size);
        padded.set(samples);
        samples = padded;
      }
      const { probabilities } = await this.#classify.get(bucket)!.run({ samples });
      out.set(probabilities!.subarray(0, count * classes), start * classes);
    }
    return out;
  }

  /** Undefined when the model has no generator. */
  get sampler(): Sampler | undefined {
    return this.#sampler;
  }

  async dispose(): Promise<void> {
    for (const executable of this.#classify.values()) await executable.dispose();
    await this.#sampler?.dispose();
    this.#state.dispose();
  }
}
