import { sampleProgram } from '../models/programs.ts';
import type { Limits } from '../models/scaling.ts';
import type { ModelSpec, SampleUnits } from '../models/spec.ts';
import { fillNormal, randomKey } from '../random.ts';
import type { Engine, EngineState, Executable } from '../tensor/engine.ts';
import { BLOCK, blocksOf } from './blocks.ts';

/** Draws rows from a trained generator. */
export class Sampler {
  readonly #engine: Engine;
  readonly #spec: ModelSpec;
  readonly #limits: Limits;
  readonly #state: EngineState;
  readonly #compiled = new Map<string, Executable>();

  /** `state` holds G's weights, which stay as they are, and is borrowed. */
  constructor(engine: Engine, spec: ModelSpec, limits: Limits, state: EngineState) {
    this.#engine = engine;
    this.#spec = spec;
    this.#limits = limits;
    this.#state = state;
  }

  /** Of what is compiled so far. */
  get heldBytes(): number {
    return [...this.#compiled.values()].reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }

  /** Values of a row. */
  get rowSize(): number {
    return this.#spec.channels * this.#spec.steps;
  }

  /**
   * Rows `firstRow .. firstRow + rows - 1` of a class, `[rows, channels, steps]`. Row i is a function of (weights, seed,
   * class, i) alone, to the bit: G always runs on whole blocks of 32 consecutive rows, so that a row meets the same
   * arithmetic whoever asks for it.
   */
  async sample(
    classIndex: number,
    seed: number,
    firstRow: number,
    rows: number,
    units: SampleUnits,
  ): Promise<Float32Array> {
    const size = this.rowSize;
    const out = new Float32Array(rows * size);
    for (const { block, from, to, at } of blocksOf(firstRow, rows)) {
      const samples = await this.block(classIndex, seed, block, units);
      out.set(samples.subarray(from * size, to * size), at * size);
    }
    return out;
  }

  /** Rows `32 * block` to `32 * block + 31` of a class, `[32, channels, steps]`. */
  async block(classIndex: number, seed: number, block: number, units: SampleUnits): Promise<Float32Array> {
    const { latentSize, classes } = this.#spec;
    const key = randomKey(seed, 'synthesis', classIndex);
    const noise = fillNormal(key, new Float32Array(BLOCK * latentSize), block * BLOCK * latentSize);
    const labels = new Float32Array(BLOCK * classes);
    for (let row = 0; row < BLOCK; row++) labels[row * classes + classIndex] = 1;
    const { samples } = await (await this.#executable(units)).run({ noise, labels });
    return samples!;
  }

  async dispose(): Promise<void> {
    for (const executable of this.#compiled.values()) await executable.dispose();
    this.#compiled.clear();
  }

  async #executable(units: SampleUnits): Promise<Executable> {
    const kept = this.#compiled.get(units);
    if (kept) return kept;
    const program = { ...sampleProgram(this.#spec, this.#limits, BLOCK, units), frozen: true };
    const compiled = await this.#engine.compile(program, this.#state);
    this.#compiled.set(units, compiled);
    return compiled;
  }
}
