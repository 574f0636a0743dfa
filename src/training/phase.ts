import type { TrainingOptions } from './options.ts';
import type { ClassifierRecipe } from './recipe.ts';

/** A stretch of epochs in which the same things happen. Regimes are lists of these. */
export interface Phase {
  readonly name: string;
  readonly epochs: number;
  /** Train D and G in every iteration. */
  readonly adversarial: boolean;
  /** What C learns from: real rows, real rows and those that the recipe adds, or nothing. */
  readonly classifier: 'real' | 'augmented' | 'frozen';
  /**
   * Begin with the best snapshot of C so far, or with a C from random weights; with a fresh optimiser and a fresh
   * learning-rate schedule.
   */
  readonly restart: false | 'snapshot' | 'fresh';
}

/** A row of Table 1, or a baseline beside it, as data. */
export interface Regime {
  readonly name: string;
  /** Whether G and D exist. */
  readonly adversarial: boolean;
  phases(options: TrainingOptions): readonly Phase[];
  /** Where C learns in another way than in the paper. */
  readonly recipe?: Partial<ClassifierRecipe>;
}
