import type { EpochRecord } from '../evaluation/history.ts';
import { evaluate } from '../evaluation/metrics.ts';
import { layoutOf, type NetworkName, weightsKey } from '../models/networks.ts';
import { initialWeights } from '../models/parameters.ts';
import type { ModelSpec } from '../models/spec.ts';
import type { Arrays, EngineState } from '../tensor/engine.ts';
import { planAugmentation } from './augmentation.ts';
import type { Checkpoint, RunCounters } from './checkpoint.ts';
import { realCorrelations } from './correlations.ts';
import { checkState } from './divergence.ts';
import { StepFeeds } from './feeds.ts';
import { IterationRunner } from './iteration.ts';
import { LossLog } from './loss-log.ts';
import type { PlannedEpoch } from './plan.ts';
import type { ProgressReporter } from './progress-reporter.ts';
import { PAPER_RECIPE } from './recipe.ts';
import { Scorer } from './scoring.ts';
import { openRowSource } from './sources/open-source.ts';
import { stateKeys } from './steps/network-state.ts';
import { stepSettings } from './steps/step-settings.ts';
import type { StopReason, TrainerSettings, TrainingResult } from './trainer-settings.ts';
import { priorsOf } from './training-data.ts';
import { newWarnings } from './watch/warnings.ts';
import { Watch } from './watch/watch.ts';

/** Thrown by preparations that were asked to stop. */
export class StopRequest extends Error {
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super(`asked to ${reason}`);
    this.reason = reason;
  }
}

const FRESH: RunCounters = {
  epochs: 0,
  iterations: 0,
  updates: { generator: 0, discriminator: 0, classifier: 0 },
  classifierUpdates: 0,
  best: { epoch: 0, score: Number.NEGATIVE_INFINITY },
  history: [],
  warnings: [],
};

/** Weights as a run begins. */
export function initialState(networks: readonly NetworkName[], spec: ModelSpec, seed: number): Arrays {
  return Object.fromEntries(
    networks.map((network) => [weightsKey(network), initialWeights(layoutOf(network, spec), seed, network)]),
  );
}

/** One run's mutable part: counters, the best snapshot and the compiled steps. */
export class Run {
  counters: RunCounters;
  readonly #settings: TrainerSettings;
  readonly #spec: ModelSpec;
  readonly #state: EngineState;
  #best: Float32Array;
  #iteration!: IterationRunner;
  #scorer!: Scorer;
  #watch!: Watch;

  constructor(settings: TrainerSettings, spec: ModelSpec, state: EngineState, found: Checkpoint | undefined) {
    this.#settings = settings;
    this.#spec = spec;
    this.#state = state;
    this.counters = found?.counters ?? { ...FRESH, warnings: settings.warnings ?? [] };
    this.#best = found?.arrays.best ?? this.#classifier();
  }

  /** Compiles and prepares. Errors: `StopRequest` when asked to stop meanwhile. */
  async open(): Promise<void> {
    const { engine, options, data, regime, pause, stopRequested } = this.#settings;
    const plan = planAugmentation(data.classRows, options.batchSize);
    const recipe = { ...PAPER_RECIPE, ...regime.recipe };
    const augmented = regime.phases(options).some(({ classifier }) => classifier === 'augmented');
    const steps = stepSettings(this.#spec, options, recipe, augmented ? plan.capacity : 0);
    const source = await openRowSource(recipe.extraRows, { data, options, plan }, engine, async () => {
      const reason = stopRequested();
      if (reason) throw new StopRequest(reason);
      await pause();
    });
    const targets =
      options.correlationTarget === 'real'
        ? realCorrelations(data.dataset, data.scaled, data.byClass, options.seed)
        : data.byClass.map(() => 1);
    const feeds = new StepFeeds(data, options, steps, plan, targets, recipe, source);
    this.#iteration = new IterationRunner(engine, this.#state, steps, feeds, options);
    this.#scorer = await Scorer.open(engine, this.#spec, data.limits, this.#state);
    this.#watch = await Watch.open(engine, this.#state, this.#spec, data, options.seed, pause);
  }

  async close(): Promise<void> {
    await this.#iteration?.dispose();
    await this.#scorer?.dispose();
    await this.#watch?.dispose();
  }

  /** All arrays of a checkpoint. */
  arrays(): Arrays {
    return { ...this.#state.read(), best: this.#best };
  }

  result(networks: readonly NetworkName[]): TrainingResult['weights'] {
    const all = this.#state.read(networks.map(weightsKey));
    const last = Object.fromEntries(networks.map((network) => [network, all[weightsKey(network)]!]));
    return { ...last, classifier: this.#best };
  }

  /** Trains one epoch and scores it; returns why it stopped before its end, if it did. */
  async epoch(epoch: PlannedEpoch, reporter: ProgressReporter): Promise<StopReason | undefined> {
    const { data, pause, stopRequested, clock } = this.#settings;
    const began = clock();
    if (epoch.restart) this.#restart(epoch.restart);
    const losses = new LossLog(reporter, this.counters.epochs);
    let { iterations, updates, classifierUpdates } = this.counters;
    for (let i = 0; i < data.iterations; i++) {
      const reason = stopRequested();
      if (reason) {
        await losses.read();
        return reason;
      }
      const started = clock();
      const pending = await this.#iteration.run(iterations, epoch, i, updates);
      iterations += 1;
      updates = {
        generator: updates.generator + (epoch.phase.adversarial ? 1 : 0),
        discriminator: updates.discriminator + (epoch.phase.adversarial ? 1 : 0),
        classifier: updates.classifier + (epoch.phase.classifier === 'frozen' ? 0 : 1),
      };
      classifierUpdates += epoch.phase.classifier === 'frozen' ? 0 : 1;
      await losses.add(iterations, clock() - started, pending);
      await pause();
    }
    await losses.read();
    const means = losses.means();
    const state = this.#state.read();
    checkState(state, iterations, this.counters.epochs);
    const validation = await this.#score(data.split.validation);
    const watch = await this.#watch.observe(epoch.phase, state, updates, (rows) => this.#score(rows));
    const learningRate = this.#iteration.classifierRate(epoch, data.iterations - 1);
    const record: EpochRecord = {
      epoch: this.counters.epochs + 1,
      steps: iterations,
      losses: means,
      validation,
      learningRate,
      classifierUpdates,
      seconds: clock() - began,
      watch,
    };
    const score = validation[this.#settings.options.selectBy] ?? Number.NEGATIVE_INFINITY;
    const selects = epoch.phase.classifier !== 'frozen';
    const better = selects && (this.counters.best.epoch === 0 || score > this.counters.best.score);
    if (better) this.#best = this.#classifier();
    this.counters = {
      ...this.counters,
      epochs: record.epoch,
      iterations,
      updates,
      classifierUpdates,
      best: better ? { epoch: record.epoch, score } : this.counters.best,
      history: [...this.counters.history, record],
      warnings: [...this.counters.warnings, ...newWarnings(this.counters.history, record)],
    };
    return undefined;
  }

  #classifier(): Float32Array {
    const key = weightsKey('classifier');
    return this.#state.read([key])[key]!;
  }

  /** Puts the best snapshot back into C, or random weights; with a fresh optimiser. What comes is selected on its own. */
  #restart(from: 'snapshot' | 'fresh'): void {
    const { weights, moment1, moment2 } = stateKeys('classifier');
    const zeros = new Float32Array(this.#best.length);
    const first =
      from === 'fresh'
        ? initialState(['classifier'], this.#spec, this.#settings.options.seed)[weights]!
        : this.#best;
    this.#state.write({ [weights]: first, [moment1]: zeros, [moment2]: zeros });
    const updates = { ...this.counters.updates, classifier: 0 };
    const classifierUpdates = from === 'fresh' ? 0 : this.counters.classifierUpdates;
    this.counters = { ...this.counters, updates, classifierUpdates, best: FRESH.best };
  }

  /** C's scores on rows of the dataset. */
  async #score(rows: Uint32Array): Promise<EpochRecord['validation']> {
    const { dataset } = this.#settings.data;
    const probabilities = await this.#scorer.probabilities(dataset.values, rows);
    const labels = Uint8Array.from(rows, (row) => dataset.labels[row]!);
    const { accuracy, macroAccuracy, macroAuc } = evaluate({
      probabilities,
      labels,
      classNames: dataset.classNames,
      trainPriors: priorsOf(this.#settings.data),
    });
    return { accuracy, macroAccuracy, macroAuc };
  }
}
