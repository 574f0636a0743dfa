import type { TrainingOptions } from './options.ts';

/** A stretch of epochs in which the same things happen. Regimes are lists of these. */
export interface Phase {
  readonly name: string;
  readonly epochs: number;
  /** Train D and G in every iteration. */
  readonly adversarial: boolean;
  /** What C learns from: real rows, real and fresh synthetic rows, or nothing. */
  readonly classifier: 'real' | 'augmented' | 'frozen';
  /** Begin with the best snapshot of C so far, a fresh optimiser and a fresh learning-rate schedule. */
  readonly restart: boolean;
}

/** A row of Table 1 as data. */
export interface Regime {
  readonly name: string;
  /** Whether G and D exist. */
  readonly adversarial: boolean;
  phases(options: TrainingOptions): readonly Phase[];
}
