import { toProbabilities, toSigmoid } from '../models/probabilities.ts';
import { discriminateProgram, logitsProgram } from '../models/programs.ts';
import type { Limits } from '../models/scaling.ts';
import type { ModelSpec, SampleUnits } from '../models/spec.ts';
import type { Arrays, Engine, EngineState, Executable } from '../tensor/engine.ts';
import { BLOCK } from './blocks.ts';
import { type RowScores, SCORES, type ScoreName } from './row-scores.ts';

/** Scores generated rows with the networks that were trained beside G. */
export class RowScorer {
  /** The scores that this model can give: D's are those of a bundle that holds D. */
  readonly available: readonly ScoreName[];
  readonly #engine: Engine;
  readonly #spec: ModelSpec;
  readonly #limits: Limits;
  readonly #state: EngineState;
  readonly #temperature: number | undefined;
  readonly #compiled = new Map<string, Executable>();

  /** `state` holds C's weights, and D's where `hasDiscriminator`; they stay as they are, and it is borrowed. */
  constructor(
    engine: Engine,
    spec: ModelSpec,
    limits: Limits,
    state: EngineState,
    model: { readonly temperature: number | undefined; readonly hasDiscriminator: boolean },
  ) {
    this.#engine = engine;
    this.#spec = spec;
    this.#limits = limits;
    this.#state = state;
    this.#temperature = model.temperature;
    this.available = model.hasDiscriminator ? SCORES : ['c'];
  }

  /** Of what is compiled so far. */
  get heldBytes(): number {
    return [...this.#compiled.values()].reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }

  /**
   * Scores of a whole block of `Sampler`, `[32, channels, steps]` in `units`: of whole blocks alone, so that the scores of a
   * row, as the row, are the same to the bit whoever asks. C's are calibrated, as Classify answers. `wanted` of `available`.
   */
  async score(
    samples: Float32Array,
    classIndex: number,
    units: SampleUnits,
    wanted: readonly ScoreName[],
  ): Promise<RowScores> {
    const scores: Partial<Record<ScoreName, Float32Array>> = {};
    if (wanted.includes('c')) {
      const { logits } = await this.#run('classifier', units, samples);
      scores.c = this.#ofClass(toProbabilities(logits!, this.#spec.classes, this.#temperature), classIndex);
    }
    if (wanted.includes('dSrc') || wanted.includes('dCls')) {
      const { source, classes } = await this.#run('discriminator', units, samples);
      if (wanted.includes('dSrc')) scores.dSrc = toSigmoid(source!);
      if (wanted.includes('dCls'))
        scores.dCls = this.#ofClass(toProbabilities(classes!, this.#spec.classes), classIndex);
    }
    return scores;
  }

  async dispose(): Promise<void> {
    for (const executable of this.#compiled.values()) await executable.dispose();
    this.#compiled.clear();
  }

  /** The column of one class. */
  #ofClass(probabilities: Float32Array, classIndex: number): Float32Array {
    const { classes } = this.#spec;
    return Float32Array.from({ length: BLOCK }, (_, row) => probabilities[row * classes + classIndex]!);
  }

  async #run(
    network: 'classifier' | 'discriminator',
    units: SampleUnits,
    samples: Float32Array,
  ): Promise<Arrays> {
    const key = `${network}-${units}`;
    let executable = this.#compiled.get(key);
    if (!executable) {
      const make = network === 'classifier' ? logitsProgram : discriminateProgram;
      const program = { ...make(this.#spec, this.#limits, BLOCK, units), frozen: true };
      executable = await this.#engine.compile(program, this.#state);
      this.#compiled.set(key, executable);
    }
    return executable.run({ samples });
  }
}
