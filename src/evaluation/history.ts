/** The figures of one epoch. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Iterations done at its end. */
  readonly steps: number;
  /** Mean of each loss term over the epoch. */
  readonly losses: Readonly<Record<string, number>>;
  /** Validation scores at its end; macroAuc is null when no class has one. */
  readonly validation: {
    readonly accuracy: number;
    readonly macroAccuracy: number;
    readonly macroAuc: number | null;
  };
  /** C's rate at its end. */
  readonly learningRate: number;
  /** C's updates so far. */
  readonly classifierUpdates: number;
  readonly seconds: number;
}
