import type { ClassSeparation } from '../evaluation/embedding/class-separation.ts';
import type { EpochRecord } from '../evaluation/history.ts';
import type { Evaluation } from '../evaluation/metrics.ts';
import type { BoundScore } from './bayes.ts';
import type { SubjectCounts } from './subjects.ts';

/** What a process needs to do a run: everything resolved, nothing to look up. */
export interface RunJob {
  readonly id: string;
  readonly regime: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly split: Readonly<Record<string, unknown>> | undefined;
  readonly seed: number;
  readonly fold: number | null;
  /** What `openDataset` takes, and the name that is recorded. */
  readonly dataset: string;
  readonly datasetName: string;
  /** Shares of the classes among the training rows; undefined: as they are. */
  readonly classShares: readonly number[] | undefined;
  /** Of this run alone: its checkpoint lives there, and a run that finds one goes on from it. */
  readonly directory: string;
  readonly codeVersion: string;
}

/** How far apart the classes lie in C's penultimate layer, on so many test rows. */
export interface Separability extends ClassSeparation {
  readonly rows: number;
}

/** Everything that is said about a finished run. Plain data: it is a JSON file. */
export interface RunResult {
  readonly id: string;
  readonly regime: string;
  /** After defaults. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly fold: number | null;
  readonly data: {
    readonly name: string;
    readonly sha256: string;
    readonly classNames: readonly string[];
    readonly split: {
      readonly by: string;
      readonly train: number;
      readonly validation: number;
      readonly test: number;
    };
    /** Training rows per class, after thinning. */
    readonly classRows: readonly number[];
    readonly classShares: readonly number[] | null;
  };
  /** On the test rows. */
  readonly evaluation: Evaluation;
  /** The same of the prior-corrected probabilities. */
  readonly priorCorrected: Evaluation;
  /** By subject; null when the data has no groups. */
  readonly subjects: readonly SubjectCounts[] | null;
  /** The Bayes classifier of the same test rows; null when it is unknown, which it is for all but simulated data. */
  readonly bayes: { readonly trainPriors: BoundScore; readonly priorFree: BoundScore } | null;
  /** How far apart the classes of the test rows lie in C's penultimate layer. */
  readonly separability: Separability;
  readonly history: readonly EpochRecord[];
  readonly warnings: readonly string[];
  readonly iterationsPerEpoch: number;
  readonly classifierUpdates: number;
  readonly selectedEpoch: number;
  /** Of the epochs alone. */
  readonly trainingSeconds: number;
  readonly engine: { readonly name: string; readonly device: string; readonly version: string };
  readonly codeVersion: string;
  readonly node: string;
}

/** A run that was asked to stop; its last checkpoint is kept. */
export interface RunStopped {
  readonly kind: 'cancelled' | 'stopped';
  readonly checkpointEpoch: number;
}

export type RunOutcome = { readonly kind: 'finished'; readonly result: RunResult } | RunStopped;
