import { VigilError } from '../errors.ts';
import { rocAuc } from './auc.ts';
import { type ProbabilityScore, type ReliabilityBin, scoreProbabilities } from './calibration.ts';
import { type ClipScores, scoreClips } from './clip-scores.ts';
import { type GroupScores, macroAccuracyInterval, scoreGroups } from './group-scores.ts';
import { correctPriors } from './prior-correction.ts';
import { meanOfKnown } from './recalls.ts';
import type { Interval } from './statistics/interval.ts';

export interface ClassScore {
  readonly name: string;
  readonly rows: number;
  /** Recall; null when the class has no row. */
  readonly accuracy: number | null;
  /** One-vs-rest; null when undefined. */
  readonly auc: number | null;
  readonly f1: number | null;
  /** Null when the class was never predicted. */
  readonly precision: number | null;
}

/** Scores of argmax decisions. */
export interface DecisionScore {
  readonly accuracy: number;
  /** Unweighted mean of the accuracies of the classes that have rows. */
  readonly macroAccuracy: number;
  readonly perClass: readonly ClassScore[];
  /** Counts `[true][predicted]`; on the wire each row is `{ counts }`. */
  readonly confusion: readonly { readonly counts: readonly number[] }[];
}

/** The temperature that is in the probabilities, and what they were like without it. */
export interface CalibrationRecord {
  /** 1 for probabilities as trained. */
  readonly temperature: number;
  /** On the same rows, at temperature 1; undefined where they were not scored. */
  readonly uncalibrated?: ProbabilityScore | undefined;
}

/** What stands in the data where it must not. */
export interface LeakCounts {
  /** Test rows that are as good as equal to a training or validation row. */
  readonly nearDuplicates: number;
  /** Rows that were drawn from the generator to look at; 0 without one. */
  readonly syntheticRows: number;
  /** Those of them that are as good as equal to a test row. */
  readonly syntheticCopies: number;
}

/** Everything we say about a classifier on held-out rows. Plain data, with the names of `vigil.v1.Evaluation`. */
export interface Evaluation extends DecisionScore, ProbabilityScore {
  readonly rows: number;
  readonly macroAuc: number | null;
  readonly macroF1: number;
  readonly mcc: number;
  readonly priorCorrected: DecisionScore;
  /** Undefined in evaluations of earlier versions of Vigil. */
  readonly reliability?: readonly ReliabilityBin[] | undefined;
  /** 95 %, by a bootstrap of groups. */
  readonly macroAccuracyInterval?: Interval | undefined;
  /** Undefined without group ids. */
  readonly groups?: GroupScores | undefined;
  /** Undefined without group and clip ids, and where a clip has two labels. */
  readonly clips?: ClipScores | undefined;
  readonly calibration?: CalibrationRecord | undefined;
  readonly leaks?: LeakCounts | undefined;
}

/**
 * Scores `probabilities` `[rows, classes]` against `labels` `[rows]`; docs/evaluation.md has the definitions. With `groups`
 * `[rows]` also by group, with `clips` `[rows]` also by clip; `seed` is that of the bootstrap over groups.
 */
export function evaluate(input: {
  probabilities: Float32Array;
  labels: Uint8Array;
  classNames: readonly string[];
  trainPriors: readonly number[];
  groups?: ArrayLike<number> | undefined;
  clips?: ArrayLike<number> | undefined;
  seed?: number;
}): Evaluation {
  const { probabilities, labels, classNames, trainPriors, groups, clips, seed = 1 } = input;
  const classes = classNames.length;
  if (labels.length === 0) throw VigilError.field('labels', '0 rows', 'at least 1');
  if (probabilities.length !== labels.length * classes) {
    throw VigilError.field(
      'probabilities',
      `${probabilities.length} values`,
      `${labels.length} x ${classes}`,
    );
  }
  const bad = probabilities.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw VigilError.field(`probabilities[${bad}]`, String(probabilities[bad]), 'finite numbers');
  for (const [field, ids] of Object.entries({ groups, clips })) {
    if (ids && ids.length !== labels.length)
      throw VigilError.field(field, `${ids.length} ids`, `${labels.length}, one per row`);
  }
  const answers = Uint8Array.from(labels, (_, row) => topClass(probabilities, row, classes));
  const decisions = score(probabilities, labels, classNames);
  const aucs = decisions.perClass.flatMap(({ auc }) => (auc === null ? [] : [auc]));
  return {
    rows: labels.length,
    ...decisions,
    macroAuc: aucs.length > 0 ? meanOfKnown(aucs) : null,
    macroF1: meanOfKnown(decisions.perClass.map(({ f1 }) => f1)),
    mcc: matthews(decisions.confusion.map(({ counts }) => counts)),
    ...scoreProbabilities(probabilities, labels, answers, classes),
    priorCorrected: score(correctPriors(probabilities, trainPriors), labels, classNames),
    macroAccuracyInterval: groups && macroAccuracyInterval(labels, answers, groups, classes, seed),
    groups: groups && scoreGroups(labels, answers, groups, classes),
    clips: groups && clips && scoreClips(probabilities, labels, answers, { groups, clips }, classes),
  };
}

/** Index of the largest probability of a row; the first one among equals. */
export function topClass(probabilities: Float32Array, row: number, classes: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) {
    if (probabilities[row * classes + k]! > probabilities[row * classes + best]!) best = k;
  }
  return best;
}

function score(
  probabilities: Float32Array,
  labels: Uint8Array,
  classNames: readonly string[],
): DecisionScore {
  const classes = classNames.length;
  const confusion = classNames.map(() => new Array<number>(classes).fill(0));
  labels.forEach((label, row) => {
    confusion[label]![topClass(probabilities, row, classes)]! += 1;
  });
  const perClass = classNames.map((name, k): ClassScore => {
    const rows = confusion[k]!.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, counts) => sum + counts[k]!, 0);
    const right = confusion[k]![k]!;
    const scores = Float64Array.from(labels, (_, row) => probabilities[row * classes + k]!);
    return {
      name,
      rows,
      accuracy: rows > 0 ? right / rows : null,
      auc: rocAuc(scores, (row) => labels[row] === k),
      f1: rows + predicted > 0 ? (2 * right) / (rows + predicted) : null,
      precision: predicted > 0 ? right / predicted : null,
    };
  });
  const correct = confusion.reduce((sum, counts, k) => sum + counts[k]!, 0);
  return {
    accuracy: correct / labels.length,
    macroAccuracy: meanOfKnown(perClass.map(({ accuracy }) => accuracy)),
    perClass,
    confusion: confusion.map((counts) => ({ counts })),
  };
}

/** Matthews correlation for several classes (Gorodkin 2004); 0 when a margin is degenerate. */
function matthews(confusion: readonly (readonly number[])[]): number {
  const classes = confusion.length;
  const rowSums = confusion.map((counts) => counts.reduce((sum, count) => sum + count, 0));
  const columnSums = Array.from({ length: classes }, (_, k) =>
    confusion.reduce((sum, counts) => sum + counts[k]!, 0),
  );
  const total = rowSums.reduce((sum, count) => sum + count, 0);
  const right = confusion.reduce((sum, counts, k) => sum + counts[k]!, 0);
  const square = (sums: readonly number[]): number => sums.reduce((sum, value) => sum + value * value, 0);
  const cross = rowSums.reduce((sum, value, k) => sum + value * columnSums[k]!, 0);
  const spread = Math.sqrt(total * total - square(rowSums)) * Math.sqrt(total * total - square(columnSums));
  return spread > 0 ? (right * total - cross) / spread : 0;
}
