import type { EpochRecord } from '../evaluation/history.ts';

/** Where a training stands; plain data, so that it can cross processes. */
export interface TrainingProgress {
  readonly phase: 'loading' | 'training' | 'evaluating' | 'registering';
  /** 0 to 100. */
  readonly percent: number;
  /** Epoch in progress, from 1; 0 before the first. */
  readonly epoch: number;
  readonly epochs: number;
  /** Iterations done, and in all. */
  readonly step: number;
  readonly steps: number;
  /** Mean of each loss term over the latest iterations. */
  readonly losses: Readonly<Record<string, number>>;
  /** Latest validation scores; a score that is undefined is left out. */
  readonly validation: Readonly<Record<string, number>>;
  readonly rowsPerSecond: number;
  readonly secondsLeft: number;
  /** Epoch of the last checkpoint; 0 before the first. */
  readonly checkpointEpoch: number;
}

/** What a trainer tells while it works. */
export interface TrainingUpdate {
  readonly progress: TrainingProgress;
  /** Epochs that finished since the last update. */
  readonly epochs: readonly EpochRecord[];
  /** New warnings. */
  readonly warnings: readonly string[];
}
