import { integerAt, randomKey } from '../../random.ts';
import { type RowSource, rowOf, type SourceRows } from './row-source.ts';

/** Training rows as they are, drawn at random with replacement. */
export function duplicateRows(rows: SourceRows, seed: number): RowSource {
  return {
    draw: (iteration, classes, out) => {
      const key = randomKey(seed, 'duplicates', iteration);
      classes.forEach((label, slot) => {
        const candidates = rows.byClass[label]!;
        const row = candidates[integerAt(key, slot, candidates.length)]!;
        out.set(rowOf(rows, row), slot * rows.size);
      });
    },
  };
}
