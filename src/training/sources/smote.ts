import { integerAt, randomKey, uniformAt } from '../../random.ts';
import { type RowSource, rowOf, type SourceRows } from './row-source.ts';

/** Random numbers that one row takes. */
const DRAWS = 3;

/**
 * SMOTE (Chawla et al., "SMOTE: synthetic minority over-sampling technique", JAIR 2002): a random point on the segment
 * from a row to one of its nearest neighbours of the same class. `neighbours` of each class are `[class rows, k]`,
 * positions in `byClass`; a class whose neighbours are not given, or that has one row, gets its rows as they are.
 */
export function smoteRows(
  rows: SourceRows,
  neighbours: readonly (Uint32Array | undefined)[],
  seed: number,
): RowSource {
  return {
    draw: (iteration, classes, out) => {
      const key = randomKey(seed, 'smote', iteration);
      classes.forEach((label, slot) => {
        const candidates = rows.byClass[label]!;
        const near = neighbours[label] ?? new Uint32Array();
        const k = near.length / candidates.length;
        const at = integerAt(key, DRAWS * slot, candidates.length);
        const partner = k > 0 ? near[at * k + integerAt(key, DRAWS * slot + 1, k)]! : at;
        const share = uniformAt(key, DRAWS * slot + 2);
        const [from, to] = [rowOf(rows, candidates[at]!), rowOf(rows, candidates[partner]!)];
        const start = slot * rows.size;
        for (let i = 0; i < rows.size; i++) out[start + i] = from[i]! + share * (to[i]! - from[i]!);
      });
    },
  };
}
