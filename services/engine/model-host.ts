import { classifierWidth } from '../../src/models/classifier.ts';
import { layoutOf, NETWORKS, weightsKey } from '../../src/models/networks.ts';
import { layoutSize } from '../../src/models/parameters.ts';
import { logitsProgram } from '../../src/models/programs.ts';
import type { ModelSpec } from '../../src/models/spec.ts';
import { readWeights, specOfManifest } from '../../src/registry/bundle.ts';
import { holdsNetwork, readManifest } from '../../src/registry/bundle-files.ts';
import { RowScorer } from '../../src/synthesis/row-scorer.ts';
import { Sampler } from '../../src/synthesis/sampler.ts';
import type { Engine, EngineState, Executable } from '../../src/tensor/engine.ts';
import { BUCKETS } from './buckets.ts';
import type { LoadedModel } from './protocol.ts';

const LARGEST = 64;

/** C's answer to some rows. */
export interface Answers {
  /** As C computes them, not divided by the temperature; `[rows, classes]`. */
  readonly logits: Float32Array;
  /** C's penultimate layer, `[rows, embedding width]`. */
  readonly embedding: Float32Array;
}

/** What draws and scores rows of a version that has a generator. */
interface Synthesis {
  readonly sampler: Sampler;
  readonly scorer: RowScorer;
}

/** Networks that an instance needs: all that the bundle has, or C alone. */
export type HostedParts = 'all' | 'classifier';

export interface HostedModelOptions {
  readonly parts?: HostedParts;
  /** Runs each piece of the work; pieces take milliseconds. At once by default. */
  readonly piece?: (work: () => Promise<void>) => Promise<void>;
}

/** One model version in the engine: compiled, warmed, ready. */
export class HostedModel {
  readonly info: LoadedModel;
  /** Undefined when the model has no generator. */
  readonly synthesis: Synthesis | undefined;
  readonly #spec: ModelSpec;
  readonly #state: EngineState;
  readonly #classify: ReadonlyMap<number, Executable>;

  private constructor(
    info: LoadedModel,
    spec: ModelSpec,
    state: EngineState,
    classify: ReadonlyMap<number, Executable>,
    synthesis: Synthesis | undefined,
  ) {
    this.info = info;
    this.#spec = spec;
    this.#state = state;
    this.#classify = classify;
    this.synthesis = synthesis;
  }

  /** Reads, checks, compiles and runs every bucket once. Errors: ARTIFACT_CORRUPT, MODEL_INCOMPATIBLE. */
  static async load(
    engine: Engine,
    version: string,
    directory: string,
    { parts = 'all', piece = (work) => work() }: HostedModelOptions = {},
  ): Promise<HostedModel> {
    const manifest = await readManifest(directory);
    const spec = specOfManifest(manifest);
    const { classNames, channelNames, channels, steps, hasGenerator, limits, temperature } = manifest;
    const generates = hasGenerator && parts === 'all';
    const scoresSource = generates && holdsNetwork(manifest, 'discriminator');
    const used = { classifier: true, generator: generates, discriminator: scoresSource };
    const weights: Record<string, Float32Array> = {};
    const shapes: Record<string, number[]> = {};
    for (const network of NETWORKS.filter((name) => used[name])) {
      weights[weightsKey(network)] = await readWeights(directory, manifest, network);
      shapes[weightsKey(network)] = [layoutSize(layoutOf(network, spec))];
    }
    const state = engine.createState(shapes, weights);
    const classify = new Map<number, Executable>();
    for (const rows of BUCKETS) {
      const program = { ...logitsProgram(spec, limits, rows), frozen: true };
      await piece(async () => {
        classify.set(rows, await engine.compile(program, state));
      });
      await piece(async () => {
        await classify.get(rows)!.run({ samples: new Float32Array(rows * channels * steps) });
      });
    }
    const synthesis = generates
      ? {
          sampler: new Sampler(engine, spec, limits, state),
          scorer: new RowScorer(engine, spec, limits, state, { temperature, hasDiscriminator: scoresSource }),
        }
      : undefined;
    if (synthesis) await piece(() => warm(synthesis));
    const compiled = [...classify.values()].reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    const held = Object.values(weights).reduce((sum, { byteLength }) => sum + byteLength, compiled);
    const bytes = held + (synthesis?.sampler.heldBytes ?? 0) + (synthesis?.scorer.heldBytes ?? 0);
    const info = { version, classNames, channelNames, channels, steps, hasGenerator, bytes };
    return new HostedModel(info, spec, state, classify, synthesis);
  }

  /**
   * `[rows, channels, steps]` in original units to logits and embedding. `values` may be longer: the room behind the rows
   * is overwritten.
   */
  async classify(rows: number, values: Float32Array): Promise<Answers> {
    const size = this.#spec.channels * this.#spec.steps;
    const { classes } = this.#spec;
    const width = classifierWidth(this.#spec);
    const answers = { logits: new Float32Array(rows * classes), embedding: new Float32Array(rows * width) };
    for (let start = 0; start < rows; start += LARGEST) {
      const count = Math.min(LARGEST, rows - start);
      const bucket = BUCKETS.find((candidate) => candidate >= count)!;
      const end = (start + count) * size;
      let samples = values.subarray(start * size, (start + bucket) * size);
      if (samples.length < bucket * size) {
        samples = new Float32Array(bucket * size);
        samples.set(values.subarray(start * size, end));
      } else values.fill(0, end, (start + bucket) * size);
      const { logits, embedding } = await this.#classify.get(bucket)!.run({ samples });
      answers.logits.set(logits!.subarray(0, count * classes), start * classes);
      answers.embedding.set(embedding!.subarray(0, count * width), start * width);
    }
    return answers;
  }

  async dispose(): Promise<void> {
    for (const executable of this.#classify.values()) await executable.dispose();
    await this.synthesis?.sampler.dispose();
    await this.synthesis?.scorer.dispose();
    this.#state.dispose();
  }
}

/** One block in original units, with every score that there is. */
async function warm({ sampler, scorer }: Synthesis): Promise<void> {
  const block = await sampler.block(0, 0, 0, 'original');
  await scorer.score(block, 0, 'original', scorer.available);
}
