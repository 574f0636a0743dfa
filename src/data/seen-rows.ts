import type { Dataset } from './dataset.ts';
import { vectorKey } from './split.ts';

/** Rows of a dataset that a model has been trained or selected on. */
export interface KnownRows {
  readonly dataset: Dataset;
  readonly rows: Uint32Array;
}

/**
 * Those of `rows` that `known` does not hold. Within one dataset a row counts as known with its whole group, because a
 * subject that was trained on is no stranger in its other rows; across datasets, whose group ids mean different subjects, it
 * counts when its values are the same.
 */
export function unseenRows(dataset: Dataset, rows: Uint32Array, known: KnownRows): Uint32Array {
  const { groups } = dataset;
  const same = known.dataset.sha256 === dataset.sha256;
  if (same && groups) {
    const seen = new Set(Array.from(known.rows, (row) => groups[row]));
    return rows.filter((row) => !seen.has(groups[row]));
  }
  if (known.dataset.channels !== dataset.channels || known.dataset.steps !== dataset.steps) return rows;
  const seen = new Set(Array.from(known.rows, (row) => vectorKey(known.dataset, row)));
  return rows.filter((row) => !seen.has(vectorKey(dataset, row)));
}
