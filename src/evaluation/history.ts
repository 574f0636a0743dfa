/** How G's rows of a class stand to real training rows of it, on a sample of either. */
export interface ClassWatch {
  readonly className: string;
  /** Mean correlation (the r of eq. 4) of two real rows; null when there is only one. */
  readonly realReal: number | null;
  /** Of two generated rows: near 1 when G ignores its noise. */
  readonly genGen: number;
  /** Of a generated row and a real one. */
  readonly genReal: number;
  /**
   * Median distance of a generated row to the nearest real one, over that of a real row to the nearest other: near 0 when G
   * copies. Null when real rows have no such distance.
   */
  readonly nearestRatio: number | null;
}

/** What the networks are like at the end of an epoch. */
export interface EpochWatch {
  /** Macro accuracy of C on a sample of training rows, as many of every class. */
  readonly trainingMacroAccuracy: number;
  /** Root mean square norm of each network's gradient over its latest 1,000 updates or so, by network. */
  readonly gradientNorms: Readonly<Record<string, number>>;
  /** Share of real and of generated rows that D takes for what they are; null when D was not trained. */
  readonly discriminator: { readonly real: number; readonly fake: number } | null;
  /** By class; empty when G was not trained. */
  readonly classes: readonly ClassWatch[];
}

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
  /** Absent in runs of versions that did not look. */
  readonly watch?: EpochWatch;
}
