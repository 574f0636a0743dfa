import type { EpochRecord } from '../history.ts';
import type { Evaluation } from '../metrics.ts';

/** One trained model in the report. */
export interface ReportModel {
  readonly regime: string;
  readonly version: string;
  readonly evaluation: Evaluation;
  readonly history: readonly EpochRecord[];
  readonly seconds: number;
}

/** Where the rows' values lie at one step. */
export interface ReportBand {
  readonly step: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** Real and synthetic rows of one channel. */
export interface ReportChannel {
  readonly name: string;
  readonly real: readonly ReportBand[];
  readonly synthetic: readonly ReportBand[];
}

/** A person of the test rows: how windows of each label were classified. */
export interface ReportPerson {
  readonly person: string;
  readonly label: string;
  readonly windows: number;
  readonly right: number;
  /** The most frequent answer. */
  readonly answer: string;
}

export interface ReportContent {
  readonly dataset: string;
  /** Rows of training, validation and test, and how they were divided. */
  readonly split: {
    readonly by: string;
    readonly train: number;
    readonly validation: number;
    readonly test: number;
  };
  readonly classNames: readonly string[];
  /** Training rows per class. */
  readonly classRows: readonly number[];
  readonly engine: string;
  readonly created: string;
  readonly models: readonly ReportModel[];
  /** The version that was promoted, and why. */
  readonly promoted: { readonly version: string; readonly reason: string };
  readonly people: readonly ReportPerson[];
  readonly synthetic: {
    readonly className: string;
    readonly rows: number;
    readonly seed: string;
    readonly sha256: string;
    readonly channels: readonly ReportChannel[];
  };
}
