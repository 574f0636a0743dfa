import type { Engine, EngineState, Executable, PendingOutputs, Program } from '../tensor/engine.ts';
import { ADVERSARIAL_ADAM, CLASSIFIER_ADAM, correctedRate } from './adam.ts';
import type { RunCounters } from './checkpoint.ts';
import type { StepFeeds } from './feeds.ts';
import type { TrainingOptions } from './options.ts';
import { classifierRate, type PlannedEpoch } from './plan.ts';
import { classifierStep } from './steps/classifier-step.ts';
import { discriminatorStep } from './steps/discriminator-step.ts';
import { generatorStep } from './steps/generator-step.ts';
import type { StepSettings } from './steps/step-settings.ts';

/** Reads the mean of every loss term of an iteration; to be called once. */
export type PendingLosses = () => Promise<Record<string, number>>;

/** Runs iterations: D step, G step, C step, as the phase asks. Steps are compiled when first needed. */
export class IterationRunner {
  readonly #engine: Engine;
  readonly #state: EngineState;
  readonly #settings: StepSettings;
  readonly #feeds: StepFeeds;
  readonly #options: TrainingOptions;
  readonly #steps = new Map<string, Executable>();

  constructor(
    engine: Engine,
    state: EngineState,
    settings: StepSettings,
    feeds: StepFeeds,
    options: TrainingOptions,
  ) {
    this.#engine = engine;
    this.#state = state;
    this.#settings = settings;
    this.#feeds = feeds;
    this.#options = options;
  }

  classifierRate(epoch: PlannedEpoch, iteration: number): number {
    return classifierRate(this.#options, epoch, iteration);
  }

  /**
   * `iteration` counts from the start of the run and picks the batches and the noise; `within` counts from the start of
   * the epoch and sets C's rate. The losses stay in the engine until they are read.
   */
  async run(
    iteration: number,
    epoch: PlannedEpoch,
    within: number,
    updates: RunCounters['updates'],
  ): Promise<PendingLosses> {
    const pending: PendingOutputs[] = [];
    if (epoch.phase.adversarial) {
      const rate = (base: number, update: number): number => correctedRate(ADVERSARIAL_ADAM, base, update);
      const discriminator = await this.#step('discriminator', () => discriminatorStep(this.#settings));
      const generator = await this.#step('generator', () => generatorStep(this.#settings));
      const feeds = this.#feeds.adversarial(
        iteration,
        {
          discriminator: rate(this.#options.discriminatorLearningRate, updates.discriminator + 1),
          generator: rate(this.#options.generatorLearningRate, updates.generator + 1),
        },
        { discriminator: discriminator.layouts, generator: generator.layouts },
      );
      pending.push(await discriminator.submit(feeds.discriminator));
      pending.push(await generator.submit(feeds.generator));
    }
    if (epoch.phase.classifier !== 'frozen') {
      const augmented = epoch.phase.classifier === 'augmented' && this.#settings.syntheticRows > 0;
      const syntheticRows = augmented ? this.#settings.syntheticRows : 0;
      const rate = correctedRate(CLASSIFIER_ADAM, this.classifierRate(epoch, within), updates.classifier + 1);
      const step = await this.#step(augmented ? 'augmented' : 'classifier', () =>
        classifierStep({ ...this.#settings, syntheticRows }),
      );
      pending.push(await step.submit(this.#feeds.classifier(iteration, rate, augmented)));
    }
    return async () => {
      const outputs = [];
      for (const step of pending) outputs.push(await step.read());
      const terms = outputs.flatMap((arrays) => Object.entries(arrays));
      return Object.fromEntries(terms.map(([term, value]) => [term, value[0]!]));
    };
  }

  async dispose(): Promise<void> {
    for (const step of this.#steps.values()) await step.dispose();
    this.#steps.clear();
  }

  async #step(key: string, program: () => Program): Promise<Executable> {
    const kept = this.#steps.get(key);
    if (kept) return kept;
    const compiled = await this.#engine.compile(program(), this.#state);
    this.#steps.set(key, compiled);
    return compiled;
  }
}
