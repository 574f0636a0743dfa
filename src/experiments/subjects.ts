import { topClass } from '../evaluation/metrics.ts';

/** Test rows of one subject by class, and how many of them were answered right. */
export interface SubjectCounts {
  readonly subject: number;
  readonly rows: readonly number[];
  readonly right: readonly number[];
  /** Right after prior correction. */
  readonly rightCorrected: readonly number[];
}

/** Counts by subject, ascending. Probabilities are `[rows, classes]`, labels and subjects `[rows]`. */
export function countBySubject(input: {
  readonly probabilities: Float32Array;
  readonly corrected: Float32Array;
  readonly labels: Uint8Array;
  readonly subjects: Int32Array;
  readonly classes: number;
}): SubjectCounts[] {
  const { probabilities, corrected, labels, subjects, classes } = input;
  const zeros = (): number[] => new Array<number>(classes).fill(0);
  const found = new Map<number, { rows: number[]; right: number[]; rightCorrected: number[] }>();
  labels.forEach((label, row) => {
    const subject = subjects[row]!;
    const counts = found.get(subject) ?? { rows: zeros(), right: zeros(), rightCorrected: zeros() };
    found.set(subject, counts);
    counts.rows[label]! += 1;
    if (topClass(probabilities, row, classes) === label) counts.right[label]! += 1;
    if (topClass(corrected, row, classes) === label) counts.rightCorrected[label]! += 1;
  });
  return [...found].sort(([a], [b]) => a - b).map(([subject, counts]) => ({ subject, ...counts }));
}

/** Macro accuracy from counts by class; null when no class has rows. */
export function macroOfCounts(rows: ArrayLike<number>, right: ArrayLike<number>): number | null {
  let sum = 0;
  let classes = 0;
  for (let k = 0; k < rows.length; k++) {
    if (rows[k] === 0) continue;
    sum += right[k]! / rows[k]!;
    classes += 1;
  }
  return classes > 0 ? sum / classes : null;
}
