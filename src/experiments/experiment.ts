/** An experiment is a list of named rows as data: what to train, how to score it, and which row the others stand against. */

import type { RegimeName } from '../training/options.ts';
import type { ComparedMeasure } from './measures.ts';

/** One line of a table. */
export interface ExperimentRow {
  /** For files and programs, for example `joint_snapshot_25`. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly regime: RegimeName;
  /** Training options that make the row what it is. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Scored after prior correction: the same training as the row without, at no cost. */
  readonly priorCorrected?: boolean;
}

export interface Experiment {
  readonly name: ExperimentName;
  readonly title: string;
  /** What the table is to answer, in one sentence. */
  readonly question: string;
  /** Name of the row that every other row is compared with. */
  readonly reference: string;
  /** What is compared; the first decides the headline. */
  readonly compared: readonly ComparedMeasure[];
  /** The rows at a number of epochs. Errors: FIELD_INVALID (too few epochs). */
  rows(epochs: number): readonly ExperimentRow[];
}

export const EXPERIMENT_NAMES = [
  'table1',
  'table2',
  'baselines',
  'figure2',
  'recipe',
  'architectures',
] as const;
export type ExperimentName = (typeof EXPERIMENT_NAMES)[number];
