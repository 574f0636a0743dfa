import { VigilError } from '../errors.ts';
import { rocAuc } from './auc.ts';
import { correctPriors } from './prior-correction.ts';

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

/** Everything we say about a classifier on held-out rows. Plain data, with the names of `vigil.v1.Evaluation`. */
export interface Evaluation extends DecisionScore {
  readonly rows: number;
  readonly macroAuc: number | null;
  readonly macroF1: number;
  readonly mcc: number;
  readonly brier: number;
  readonly ece: number;
  readonly logLoss: number;
  readonly priorCorrected: DecisionScore;
}

const BINS = 15;
/** Probabilities below this do not make the log loss infinite. */
const TINY = 1e-12;

/** Scores `probabilities` `[rows, classes]` against `labels` `[rows]`; docs/evaluation.md has the definitions. */
export function evaluate(input: {
  probabilities: Float32Array;
  labels: Uint8Array;
  classNames: readonly string[];
  trainPriors: readonly number[];
}): Evaluation {
  const { probabilities, labels, classNames, trainPriors } = input;
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
  const decisions = score(probabilities, labels, classNames);
  const aucs = decisions.perClass.flatMap(({ auc }) => (auc === null ? [] : [auc]));
  const f1s = decisions.perClass.flatMap(({ f1 }) => (f1 === null ? [] : [f1]));
  return {
    rows: labels.length,
    ...decisions,
    macroAuc: aucs.length > 0 ? meanOf(aucs) : null,
    macroF1: meanOf(f1s),
    mcc: matthews(decisions.confusion.map(({ counts }) => counts)),
    ...calibration(probabilities, labels, classes),
    priorCorrected: score(correctPriors(probabilities, trainPriors), labels, classNames),
  };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

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
    macroAccuracy: meanOf(perClass.flatMap(({ accuracy }) => (accuracy === null ? [] : [accuracy]))),
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

function calibration(
  probabilities: Float32Array,
  labels: Uint8Array,
  classes: number,
): { brier: number; ece: number; logLoss: number } {
  const bins = Array.from({ length: BINS }, () => ({ rows: 0, confidence: 0, right: 0 }));
  let brier = 0;
  let logLoss = 0;
  labels.forEach((label, row) => {
    const top = topClass(probabilities, row, classes);
    const confidence = probabilities[row * classes + top]!;
    const bin = bins[Math.min(BINS - 1, Math.floor(confidence * BINS))]!;
    bin.rows += 1;
    bin.confidence += confidence;
    bin.right += top === label ? 1 : 0;
    for (let k = 0; k < classes; k++)
      brier += (probabilities[row * classes + k]! - (k === label ? 1 : 0)) ** 2;
    logLoss -= Math.log(Math.max(TINY, probabilities[row * classes + label]!));
  });
  const ece = bins.reduce((sum, bin) => sum + Math.abs(bin.right - bin.confidence), 0);
  return { brier: brier / labels.length, ece: ece / labels.length, logLoss: logLoss / labels.length };
}
