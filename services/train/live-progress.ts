import type { TrainingProgress, TrainingUpdate } from '../../src/training/progress.ts';
import type { StepTimes } from '../engine/protocol.ts';
import type { Instruments } from '../observability/metrics.ts';
import { hideWatch, showWatch } from './watch-gauges.ts';

/** The run in progress, as its trainer last told. */
export class LiveProgress {
  readonly #instruments: Instruments;
  readonly #now: () => number;
  #checkpointAt: number | undefined;
  progress: TrainingProgress | undefined;
  warnings: string[];
  /** The latest epoch that is done. */
  epoch: number;

  constructor(instruments: Instruments, now: () => number, warnings: readonly string[], epoch: number) {
    this.#instruments = instruments;
    this.#now = now;
    this.#checkpointAt = now();
    this.warnings = [...warnings];
    this.epoch = epoch;
  }

  take({ progress, epochs, warnings }: TrainingUpdate, times: StepTimes): void {
    if (progress.checkpointEpoch !== (this.progress?.checkpointEpoch ?? 0)) this.#checkpointAt = this.#now();
    this.progress = progress;
    this.epoch = epochs.at(-1)?.epoch ?? this.epoch;
    this.warnings = [...new Set([...this.warnings, ...warnings])];
    const { trainingStep, trainingCompute, trainingLoss, trainingValidation, trainingProgress } =
      this.#instruments;
    if (progress.step > 0) trainingStep.observe(times.stepSeconds);
    trainingCompute.inc(times.computeSeconds);
    for (const [term, value] of Object.entries(progress.losses)) trainingLoss.set({ term }, value);
    for (const [metric, value] of Object.entries(progress.validation))
      trainingValidation.set({ metric }, value);
    trainingProgress.set(progress.percent / 100);
    const watch = epochs.at(-1)?.watch;
    if (watch) showWatch(this.#instruments, watch);
  }

  /** Before each exposition: the age grows without updates, which is what an alert looks for. */
  collect(): void {
    const since = this.#checkpointAt;
    this.#instruments.trainingCheckpointAge.set(since === undefined ? 0 : (this.#now() - since) / 1000);
  }

  /** No run is in progress any more. */
  end(): void {
    this.#checkpointAt = undefined;
    const { trainingLoss, trainingValidation, trainingProgress, trainingCheckpointAge } = this.#instruments;
    trainingLoss.reset();
    trainingValidation.reset();
    trainingProgress.set(0);
    trainingCheckpointAge.set(0);
    hideWatch(this.#instruments);
  }
}
