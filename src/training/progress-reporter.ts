import type { EpochRecord } from '../evaluation/history.ts';
import type { RunCounters } from './checkpoint.ts';
import type { TrainingProgress, TrainingUpdate } from './progress.ts';

/** Least seconds between two updates within an epoch. */
const INTERVAL = 0.25;
/** Weight of the newest iteration in the running means. */
const SMOOTHING = 0.05;

/** Turns iterations into updates: throttled, with running means and an estimate of the time left. */
export class ProgressReporter {
  readonly #clock: () => number;
  readonly #send: (update: TrainingUpdate) => void;
  readonly #epochs: number;
  readonly #perEpoch: number;
  readonly #batchSize: number;
  readonly #losses = new Map<string, number>();
  #counters: RunCounters;
  #sent: number;
  #secondsPerIteration = 0;

  constructor(
    settings: {
      clock: () => number;
      onUpdate: (update: TrainingUpdate) => void;
      options: { batchSize: number };
    },
    epochs: number,
    iterationsPerEpoch: number,
    counters: RunCounters,
  ) {
    this.#clock = settings.clock;
    this.#send = settings.onUpdate;
    this.#batchSize = settings.options.batchSize;
    this.#epochs = epochs;
    this.#perEpoch = iterationsPerEpoch;
    this.#counters = counters;
    this.#sent = this.#clock();
    this.#emit(counters.iterations, counters.history, counters.warnings);
  }

  iterationDone(iterations: number, losses: Readonly<Record<string, number>>, seconds: number): void {
    for (const [term, value] of Object.entries(losses)) {
      const before = this.#losses.get(term) ?? value;
      this.#losses.set(term, before + SMOOTHING * (value - before));
    }
    const before = this.#secondsPerIteration || seconds;
    this.#secondsPerIteration = before + SMOOTHING * (seconds - before);
    if (this.#clock() - this.#sent >= INTERVAL) this.#emit(iterations, [], []);
  }

  epochDone(counters: RunCounters): void {
    const warnings = counters.warnings.slice(this.#counters.warnings.length);
    const epochs = counters.history.slice(this.#counters.history.length);
    this.#counters = counters;
    this.#emit(counters.iterations, epochs, warnings);
  }

  #emit(iterations: number, epochs: readonly EpochRecord[], warnings: readonly string[]): void {
    this.#sent = this.#clock();
    const steps = this.#epochs * this.#perEpoch;
    const validation = this.#counters.history.at(-1)?.validation ?? {};
    const progress: TrainingProgress = {
      phase: 'training',
      percent: (100 * iterations) / steps,
      epoch: Math.min(this.#epochs, Math.floor(iterations / this.#perEpoch) + 1),
      epochs: this.#epochs,
      step: iterations,
      steps,
      losses: Object.fromEntries(this.#losses),
      validation: Object.fromEntries(
        Object.entries(validation).filter(([, score]) => score !== null),
      ) as Record<string, number>,
      rowsPerSecond: this.#secondsPerIteration > 0 ? this.#batchSize / this.#secondsPerIteration : 0,
      secondsLeft: (steps - iterations) * this.#secondsPerIteration,
      checkpointEpoch: this.#counters.epochs,
    };
    this.#send({ progress, epochs, warnings });
  }
}
