/** Two versions on the same held-out rows, and the rule by which one may take the other's place. */
import { permutation, randomKey } from '../../random.ts';
import { correctPriors } from '../prior-correction.ts';
import { clusterInterval } from '../statistics/cluster-bootstrap.ts';
import type { Interval } from '../statistics/interval.ts';
import { type RowScores, WeightedScores } from './weighted-scores.ts';

/** One version's answers to the rows. */
export interface Answers {
  /** `[rows, classes]` */
  readonly probabilities: Float32Array;
  /** Class shares of its training rows, for prior correction. */
  readonly trainPriors: readonly number[];
}

/** Held-out rows with the answers of both. Plain data: it crosses processes. */
export interface HeldOutAnswers {
  /** `[rows]` */
  readonly labels: Uint8Array;
  /** `[rows]`: subjects; undefined when the data have none. */
  readonly groups: Int32Array | undefined;
  readonly classes: number;
  readonly candidate: Answers;
  readonly stable: Answers;
}

/** Scores of one version, and what prior correction, which costs nothing, makes of its macro accuracy. */
export interface VersionScores extends RowScores {
  readonly priorCorrectedMacroAccuracy: number;
}

/** Candidate minus stable. */
export interface Difference {
  readonly mean: number;
  /** 95 %, by paired bootstrap of `clusters`. */
  readonly interval: Interval;
}

export interface Comparison {
  readonly rows: number;
  /** Subjects that were resampled, or blocks of rows where rows have no subjects. */
  readonly clusters: number;
  readonly clusteredBy: 'group' | 'row';
  readonly candidate: VersionScores;
  readonly stable: VersionScores;
  readonly macroAccuracy: Difference;
  /** Null when no class has an AUC. */
  readonly macroAuc: Difference | null;
  readonly priorCorrectedMacroAccuracy: Difference;
}

/** A candidate whose macro accuracy is lower by more than this is refused, whatever the interval. */
export const TOLERANCE = 0.01;
/** Fewer rows than this say nothing. */
export const LEAST_ROWS = 30;
/** Rows without subjects are resampled in at most so many random blocks: thousands of single rows would take minutes. */
const BLOCKS = 300;
/** Enough for limits at 2.5 %, and a second or so for thousands of rows. */
const RESAMPLES = 1000;
/** Of the resamples; the same rows give the same interval. */
const SEED = 1;

/** Differences of rounding: 0.80 - 0.81 is a little below -0.01. */
const ROUNDING = 1e-9;

/** Worse beyond doubt, or worse by more than `TOLERANCE`. */
export function isWorse({ macroAccuracy: { mean, interval } }: Comparison): boolean {
  return interval.high < 0 || mean < -TOLERANCE - ROUNDING;
}

/** Compares on all rows; at least two. */
export function compareAnswers(answers: HeldOutAnswers): Comparison {
  const { labels, classes, candidate, stable } = answers;
  const { clusters, clusteredBy } = clustersOf(answers);
  const all = new Uint32Array(labels.length).fill(1);
  const sides = [candidate, stable].map(({ probabilities, trainPriors }) => ({
    plain: new WeightedScores(probabilities, labels, classes),
    corrected: new WeightedScores(correctPriors(probabilities, trainPriors), labels, classes),
  }));
  const [ours, theirs] = sides as [(typeof sides)[number], (typeof sides)[number]];
  const scoresOf = ({ plain, corrected }: typeof ours): VersionScores => ({
    ...plain.decisions(all),
    macroAuc: plain.macroAuc(all),
    priorCorrectedMacroAccuracy: corrected.decisions(all).macroAccuracy,
  });
  const counts = new Uint32Array(labels.length);
  const difference = (
    score: (side: typeof ours, counts: Uint32Array) => number | null,
  ): Difference | null => {
    const apart = (weights: Uint32Array): number | null => {
      const [a, b] = [score(ours, weights), score(theirs, weights)];
      return a === null || b === null ? null : a - b;
    };
    const mean = apart(all);
    if (mean === null) return null;
    const statistic = (rows: Uint32Array): number | null => {
      counts.fill(0);
      for (let i = 0; i < rows.length; i++) counts[rows[i]!]! += 1;
      return apart(counts);
    };
    const interval = clusterInterval(clusters, statistic, { seed: SEED, resamples: RESAMPLES });
    // Infinite where the score exists on no resample: that is no interval.
    return Number.isFinite(interval.low + interval.high) ? { mean, interval } : null;
  };
  return {
    rows: labels.length,
    clusters: new Set(clusters).size,
    clusteredBy,
    candidate: scoresOf(ours),
    stable: scoresOf(theirs),
    macroAccuracy: difference(({ plain }, rows) => plain.decisions(rows).macroAccuracy)!,
    macroAuc: difference(({ plain }, rows) => plain.macroAuc(rows)),
    priorCorrectedMacroAccuracy: difference(
      ({ corrected }, rows) => corrected.decisions(rows).macroAccuracy,
    )!,
  };
}

/** By subject where there are two or more; of a single one only its rows can be resampled. */
function clustersOf({ labels, groups }: HeldOutAnswers): {
  clusters: number[];
  clusteredBy: Comparison['clusteredBy'];
} {
  if (groups && new Set(groups).size > 1) return { clusters: [...groups], clusteredBy: 'group' };
  const clusters = new Array<number>(labels.length);
  permutation(randomKey(SEED, 'gate/blocks'), labels.length).forEach((row, at) => {
    clusters[row] = at % BLOCKS;
  });
  return { clusters, clusteredBy: 'row' };
}
