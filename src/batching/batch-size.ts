import type { BatchTimePredictor } from './predictor.ts';

/**
 * What a batch should take, in milliseconds. On a CPU rows cost the same in any batch, and a large one keeps its first rows
 * waiting, and the callers of its last ones.
 */
const BATCH_MS = 3;
/** Or so many times its fixed time, where that is longer. */
const AMORTIZED = 5;

export interface BatchSizes {
  readonly maxBatchRows: number;
  /** Rows that the engine runs as they are, ascending; others are padded. All when undefined. */
  readonly sizes?: readonly number[] | undefined;
}

/** Rows that the engine runs for so many. */
export function paddedRows(rows: number, { sizes = [] }: Pick<BatchSizes, 'sizes'>): number {
  return sizes.find((size) => size >= rows) ?? rows;
}

/** Rows of a batch that is worth waiting for: no larger one is much better. */
export function fullBatch({ maxBatchRows, sizes }: BatchSizes, predictor: BatchTimePredictor): number {
  const within = predictor.rowsWithin(Math.max(BATCH_MS, AMORTIZED * predictor.fixed));
  if (within >= maxBatchRows) return maxBatchRows;
  return sizes?.findLast((size) => size <= within) ?? Math.floor(within);
}

/**
 * How many of so many rows go together: all, or as many as are not padded where the padding would cost more than another
 * batch for the others.
 */
export function batchRows(
  rows: number,
  { sizes }: Pick<BatchSizes, 'sizes'>,
  { fixed, perRow }: Pick<BatchTimePredictor, 'fixed' | 'perRow'>,
): number {
  const unpadded = sizes?.findLast((size) => size <= rows) ?? rows;
  if (unpadded === rows) return rows;
  const spared = paddedRows(rows, { sizes }) - unpadded - paddedRows(rows - unpadded, { sizes });
  return spared * perRow > fixed ? unpadded : rows;
}
