import type { Dataset } from '../data/dataset.ts';
import { integerAt, randomKey } from '../random.ts';

/** Pairs per class that an estimate is made from. */
const PAIRS = 256;

/** A row standardised per channel, `[channels, steps]`: mean 0 and variance 1, or all 0 for a constant channel. */
function standardise(row: Float32Array, steps: number): Float64Array {
  const out = new Float64Array(row.length);
  for (let start = 0; start < row.length; start += steps) {
    let mean = 0;
    for (let t = 0; t < steps; t++) mean += row[start + t]! / steps;
    let variance = 0;
    for (let t = 0; t < steps; t++) variance += (row[start + t]! - mean) ** 2 / steps;
    const scale = 1 / Math.sqrt(variance + 1e-8);
    for (let t = 0; t < steps; t++) out[start + t] = (row[start + t]! - mean) * scale;
  }
  return out;
}

/** Pearson correlation of two rows over all values, each standardised per channel: the r of eq. 4. */
export function pairCorrelation(a: Float32Array, b: Float32Array, steps: number): number {
  const [left, right] = [standardise(a, steps), standardise(b, steps)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < left.length; i++) {
    ab += left[i]! * right[i]!;
    aa += left[i]! ** 2;
    bb += right[i]! ** 2;
  }
  return ab / (Math.sqrt(aa * bb) + 1e-8);
}

/** Mean r over seeded pairs of different rows; 1 for a single row. `values` is `[rows, channels, steps]`. */
export function meanCorrelation(
  values: Float32Array,
  rows: readonly number[] | Uint32Array,
  size: number,
  steps: number,
  seed: number,
): number {
  if (rows.length < 2) return 1;
  const key = randomKey(seed, 'correlation-pairs');
  let total = 0;
  for (let pair = 0; pair < PAIRS; pair++) {
    const first = integerAt(key, 2 * pair, rows.length);
    const second = (first + 1 + integerAt(key, 2 * pair + 1, rows.length - 1)) % rows.length;
    const row = (i: number): Float32Array => values.subarray(rows[i]! * size, (rows[i]! + 1) * size);
    total += pairCorrelation(row(first), row(second), steps);
  }
  return total / PAIRS;
}

/** Rows of `values` `[all rows, channels, steps]`. */
interface RowsOf {
  readonly values: Float32Array;
  readonly rows: Uint32Array;
}

/** Mean r over seeded pairs of one row of each. */
export function crossCorrelation(a: RowsOf, b: RowsOf, size: number, steps: number, seed: number): number {
  const key = randomKey(seed, 'correlation-cross-pairs');
  const row = ({ values, rows }: RowsOf, index: number): Float32Array => {
    const start = rows[integerAt(key, index, rows.length)]! * size;
    return values.subarray(start, start + size);
  };
  let total = 0;
  for (let pair = 0; pair < PAIRS; pair++)
    total += pairCorrelation(row(a, 2 * pair), row(b, 2 * pair + 1), steps);
  return total / PAIRS;
}

/** r(real, real) of every class, from training rows in scaled units. */
export function realCorrelations(
  dataset: Dataset,
  scaled: Float32Array,
  byClass: readonly Uint32Array[],
  seed: number,
): number[] {
  const size = dataset.channels * dataset.steps;
  return byClass.map((rows) => meanCorrelation(scaled, rows, size, dataset.steps, seed));
}
