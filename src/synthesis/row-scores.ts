/** What can be said of a generated row: D_src, that it is real; D_cls and C, that it is of its class. Each 0 to 1. */
export const SCORES = ['dSrc', 'dCls', 'c'] as const;
export type ScoreName = (typeof SCORES)[number];

/** By name, one value per row; only those that were asked for. */
export type RowScores = Readonly<Partial<Record<ScoreName, Float32Array>>>;

export interface ScoredRows {
  /** `[rows, channels, steps]` */
  readonly values: Float32Array;
  readonly scores: RowScores;
}
