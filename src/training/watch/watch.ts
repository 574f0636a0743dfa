import { gatherRows } from '../../data/batches.ts';
import type { ClassWatch, EpochWatch } from '../../evaluation/history.ts';
import { weightsKey } from '../../models/networks.ts';
import type { ModelSpec } from '../../models/spec.ts';
import { fillNormal, randomKey } from '../../random.ts';
import type { Arrays, Engine, EngineState, Executable } from '../../tensor/engine.ts';
import type { RunCounters } from '../checkpoint.ts';
import type { Phase } from '../phase.ts';
import type { TrainingData } from '../training-data.ts';
import { gradientNorms } from './gradient-norms.ts';
import { RealClass, WATCHED_ROWS } from './real-class.ts';
import { watchProgram } from './watch-program.ts';

/** Rows on D's right side. */
interface Tally {
  right: number;
  rows: number;
}

/**
 * Looks at G and D at the end of an epoch: at most 64 real training rows of every class and as many generated ones, from
 * the same noise every time, so that epochs can be compared.
 */
export class Watch {
  readonly #executable: Executable | undefined;
  readonly #spec: ModelSpec;
  readonly #data: TrainingData;
  readonly #seed: number;
  readonly #classes: readonly RealClass[];
  readonly #pause: () => Promise<void>;

  private constructor(
    executable: Executable | undefined,
    spec: ModelSpec,
    data: TrainingData,
    seed: number,
    classes: readonly RealClass[],
    pause: () => Promise<void>,
  ) {
    this.#executable = executable;
    this.#spec = spec;
    this.#data = data;
    this.#seed = seed;
    this.#classes = classes;
    this.#pause = pause;
  }

  /** Compiles a pass through G and D where `state` has them; the caller disposes it. */
  static async open(
    engine: Engine,
    state: EngineState,
    spec: ModelSpec,
    data: TrainingData,
    seed: number,
    pause: () => Promise<void>,
  ): Promise<Watch> {
    const { channels, steps } = spec;
    const classes = data.byClass.map(
      (rows, label) => new RealClass({ values: data.scaled, channels, steps, rows }, label, seed),
    );
    const adversarial = (['generator', 'discriminator'] as const).every(
      (network) => weightsKey(network) in state.shapes,
    );
    const executable = adversarial
      ? await engine.compile(watchProgram(spec, WATCHED_ROWS), state)
      : undefined;
    return new Watch(executable, spec, data, seed, classes, pause);
  }

  /** The networks as they are; of G and D only where the phase trains them. `score` scores C on rows of the dataset. */
  async observe(
    phase: Pick<Phase, 'adversarial'>,
    state: Arrays,
    updates: RunCounters['updates'],
    score: (rows: Uint32Array) => Promise<{ readonly macroAccuracy: number }>,
  ): Promise<EpochWatch> {
    const sample = Uint32Array.from(this.#classes.flatMap(({ sample: rows }) => [...rows]));
    const { macroAccuracy } = await score(sample);
    const adversarial =
      phase.adversarial && this.#executable
        ? await this.#adversarial(this.#executable)
        : { classes: [], discriminator: null };
    return {
      trainingMacroAccuracy: macroAccuracy,
      gradientNorms: gradientNorms(state, updates),
      ...adversarial,
    };
  }

  async dispose(): Promise<void> {
    await this.#executable?.dispose();
  }

  async #adversarial(executable: Executable): Promise<Pick<EpochWatch, 'classes' | 'discriminator'>> {
    const [real, fake]: [Tally, Tally] = [
      { right: 0, rows: 0 },
      { right: 0, rows: 0 },
    ];
    const classes: ClassWatch[] = [];
    for (const [label, found] of this.#classes.entries()) {
      const { samples, realSource, fakeSource } = await executable.run(this.#inputs(label));
      count(real, realSource!.subarray(0, found.sample.length), (logit) => logit > 0);
      count(fake, fakeSource!, (logit) => logit < 0);
      const className = this.#data.dataset.classNames[label]!;
      classes.push({ className, ...(await found.compare(samples!, this.#pause)) });
    }
    return { classes, discriminator: { real: real.right / real.rows, fake: fake.right / fake.rows } };
  }

  #inputs(label: number): Arrays {
    const { channels, steps, classes, latentSize } = this.#spec;
    const { sample } = this.#classes[label]!;
    // A class of fewer rows fills the fixed shape by going round.
    const rows = Uint32Array.from({ length: WATCHED_ROWS }, (_, i) => sample[i % sample.length]!);
    const labels = new Float32Array(WATCHED_ROWS * classes);
    for (let row = 0; row < WATCHED_ROWS; row++) labels[row * classes + label] = 1;
    const key = randomKey(this.#seed, 'watch/noise', label);
    return {
      real: gatherRows(this.#data.scaled, channels * steps, rows),
      noise: fillNormal(key, new Float32Array(WATCHED_ROWS * latentSize)),
      labels,
    };
  }
}

function count(tally: Tally, logits: Float32Array, isRight: (logit: number) => boolean): void {
  tally.rows += logits.length;
  tally.right += logits.filter(isRight).length;
}
