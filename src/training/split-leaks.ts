import { leakedRows } from '../data/leaked-rows.ts';
import type { LeakCounts } from '../evaluation/metrics.ts';
import type { TrainingData } from './training-data.ts';

/** What the sides of a split share although no row is the same to the bit. */
export interface SplitLeaks {
  /** Groups that have rows on two sides: only in a split by row. */
  readonly groups: number;
  /** Validation rows within 1e-6, scaled, of a training row. */
  readonly validationRows: number;
  /** Test rows within 1e-6, scaled, of a training or validation row. */
  readonly testRows: number;
}

/** Rows are compared as C sees them: scaled and clipped. */
export function findSplitLeaks({ dataset, split, scaled }: TrainingData): SplitLeaks {
  const { train, validation, test } = split;
  const near = (rows: Uint32Array, others: Uint32Array): number =>
    leakedRows({ values: scaled, rows }, { values: scaled, rows: others }, dataset.channels * dataset.steps)
      .length;
  return {
    groups: dataset.groups ? groupsOnTwoSides(dataset.groups, [train, validation, test]) : 0,
    validationRows: near(validation, train),
    testRows: near(test, Uint32Array.from([...train, ...validation])),
  };
}

function groupsOnTwoSides(groups: Int32Array, sides: readonly Uint32Array[]): number {
  const times = new Map<number, number>();
  for (const rows of sides) {
    for (const group of new Set(Array.from(rows, (row) => groups[row]!)))
      times.set(group, (times.get(group) ?? 0) + 1);
  }
  return [...times.values()].filter((count) => count > 1).length;
}

/** One sentence per kind of leak, for the run. */
export function leakWarnings({ groups, validationRows, testRows }: SplitLeaks): string[] {
  const near = 'within 1e-6 (scaled) of';
  const warnings = [
    { count: groups, text: 'groups have rows on two sides: the scores are not those of unseen groups' },
    { count: validationRows, text: `validation rows are ${near} a training row` },
    { count: testRows, text: `test rows are ${near} a training or validation row` },
  ];
  return warnings.flatMap(({ count, text }) => (count > 0 ? [`${count} ${text}`] : []));
}

/** The sentence about a generator that draws test rows; none where it does not. */
export function copyWarnings({ syntheticRows, syntheticCopies }: LeakCounts): string[] {
  if (syntheticCopies === 0) return [];
  return [`${syntheticCopies} of ${syntheticRows} synthetic rows are within 1e-6 (scaled) of a test row`];
}
