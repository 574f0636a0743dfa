import { classifyProgram } from '../models/programs.ts';
import type { Limits } from '../models/scaling.ts';
import type { ModelSpec } from '../models/spec.ts';
import type { Engine, EngineState, Executable } from '../tensor/engine.ts';

/** Rows of one forward run while scoring. */
const BATCH = 128;

/** Runs C over many rows, in original units, exactly as serving does. */
export class Scorer {
  readonly #executable: Executable;
  readonly #size: number;
  readonly #classes: number;

  private constructor(executable: Executable, spec: ModelSpec) {
    this.#executable = executable;
    this.#size = spec.channels * spec.steps;
    this.#classes = spec.classes;
  }

  /** Compiles the forward pass on a state that holds C's weights; the caller disposes it. */
  static async open(
    engine: Engine,
    spec: ModelSpec,
    limits: Limits,
    state: EngineState,
    temperature = 1,
  ): Promise<Scorer> {
    return new Scorer(await engine.compile(classifyProgram(spec, limits, BATCH, temperature), state), spec);
  }

  /** Probabilities `[rows, classes]` of the given rows of `values` `[all rows, channels, steps]`. */
  async probabilities(values: Float32Array, rows: Uint32Array): Promise<Float32Array> {
    const out = new Float32Array(rows.length * this.#classes);
    const batch = new Float32Array(BATCH * this.#size);
    for (let start = 0; start < rows.length; start += BATCH) {
      const part = rows.subarray(start, start + BATCH);
      part.forEach((row, i) => {
        batch.set(values.subarray(row * this.#size, (row + 1) * this.#size), i * this.#size);
      });
      const { probabilities } = await this.#executable.run({ samples: batch });
      out.set(probabilities!.subarray(0, part.length * this.#classes), start * this.#classes);
    }
    return out;
  }

  dispose(): Promise<void> {
    return this.#executable.dispose();
  }
}
