import type { Dataset } from './dataset.ts';
import { vectorKey } from './split.ts';

/** Rows of a dataset that a model has been trained or selected on. */
export interface KnownRows {
  readonly dataset: Dataset;
  readonly rows: Uint32Array;
}

/**
 * Those of `rows`, which a model that has `own` in hand was tested on, that are as new to another model, which has `known`.
 * Within one dataset a group that one of the two alone has met is left out whole, because a subject that was trained on is no
 * stranger in its other rows; in a group that both have met (splits by row) only rows count. Across datasets, whose group ids
 * mean different subjects, a row is known when its values are the same.
 */
export function unseenRows(
  dataset: Dataset,
  rows: Uint32Array,
  own: Uint32Array,
  known: KnownRows,
): Uint32Array {
  const { groups } = dataset;
  if (known.dataset.channels !== dataset.channels || known.dataset.steps !== dataset.steps) return rows;
  const seen = new Set(Array.from(known.rows, (row) => vectorKey(known.dataset, row)));
  const unseen = rows.filter((row) => !seen.has(vectorKey(dataset, row)));
  if (known.dataset.sha256 !== dataset.sha256 || !groups) return unseen;
  const [ours, theirs] = [own, known.rows].map((met) => new Set(Array.from(met, (row) => groups[row]!)));
  return unseen.filter((row) => ours!.has(groups[row]!) === theirs!.has(groups[row]!));
}
