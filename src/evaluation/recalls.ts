/** Rows of each class, and those of them that are right, `[classes]` each. */
export interface RecallTally {
  readonly all: Float64Array;
  readonly right: Float64Array;
}

/** Counts some rows; `labels` and `answers` are `[all rows]`. */
export function tallyRecalls(
  labels: Uint8Array,
  answers: Uint8Array,
  rows: ArrayLike<number>,
  classes: number,
): RecallTally {
  const all = new Float64Array(classes);
  const right = new Float64Array(classes);
  for (let i = 0; i < rows.length; i++) {
    const label = labels[rows[i]!]!;
    all[label]! += 1;
    if (answers[rows[i]!] === label) right[label]! += 1;
  }
  return { all, right };
}

/** The tallies that are chosen, with repeats, as one. */
export function sumTallies(
  tallies: readonly RecallTally[],
  chosen: Uint32Array,
  classes: number,
): RecallTally {
  const all = new Float64Array(classes);
  const right = new Float64Array(classes);
  for (const at of chosen) {
    const tally = tallies[at]!;
    for (let k = 0; k < classes; k++) {
      all[k]! += tally.all[k]!;
      right[k]! += tally.right[k]!;
    }
  }
  return { all, right };
}

/** Recall of every class, `[classes]`; null for a class that has no row. */
export function recallsOf({ all, right }: RecallTally): (number | null)[] {
  return Array.from(all, (count, label) => (count > 0 ? right[label]! / count : null));
}

/** Recall of every class over some rows. */
export function classRecalls(
  labels: Uint8Array,
  answers: Uint8Array,
  rows: ArrayLike<number>,
  classes: number,
): (number | null)[] {
  return recallsOf(tallyRecalls(labels, answers, rows, classes));
}

/** Unweighted mean of the values that exist. */
export function meanOfKnown(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
