/** Rows that are as good as equal: copies that carry some noise, or a generator that has learned rows by heart. */

/** Largest difference of any value at which two scaled rows count as one. Scaled values lie in [-1, 1]. */
const NEAR = 1e-6;

/** Scaled rows: all of `values` `[all rows, size]`, or those that `rows` numbers. */
export interface ScaledRows {
  readonly values: Float32Array;
  readonly rows?: Uint32Array;
}

/**
 * Positions of the candidates that lie within 1e-6, in every value, of some held-out row. Shows a generator that leaks the
 * test set, and sides of a split that share rows. Both must be scaled alike; `size` is the number of values of a row.
 */
export function leakedRows(candidates: ScaledRows, heldOut: ScaledRows, size: number): Uint32Array {
  // Rows within 1e-6 in every value have weighted means within 1e-6: only neighbours by mean are compared.
  const known = startsOf(heldOut, size);
  const means = known.map((start) => meanAt(heldOut.values, start, size));
  const order = Uint32Array.from(means.keys()).sort((a, b) => means[a]! - means[b]!);
  const sorted = Float64Array.from(order, (row) => means[row]!);
  // A little more, for what rounding does to a mean.
  const reach = NEAR * (1 + 1e-3);
  const leaked: number[] = [];
  startsOf(candidates, size).forEach((start, position) => {
    const mean = meanAt(candidates.values, start, size);
    for (
      let at = firstAtLeast(sorted, mean - reach);
      at < sorted.length && sorted[at]! <= mean + reach;
      at++
    ) {
      if (!isNear(candidates.values, start, heldOut.values, known[order[at]!]!, size)) continue;
      leaked.push(position);
      return;
    }
  });
  return Uint32Array.from(leaked);
}

/** Where each row begins. */
function startsOf({ values, rows }: ScaledRows, size: number): Float64Array {
  if (rows) return Float64Array.from(rows, (row) => row * size);
  return Float64Array.from({ length: values.length / size }, (_, row) => row * size);
}

/** Mean of a row with weights 1, 2, 3, ...: plain means are all the same where every row was standardised by itself. */
function meanAt(values: Float32Array, start: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += (i + 1) * values[start + i]!;
  return sum / ((size * (size + 1)) / 2);
}

/** The first place in ascending values whose value is at least `least`; their number when there is none. */
function firstAtLeast(sorted: Float64Array, least: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isNear(a: Float32Array, startA: number, b: Float32Array, startB: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (!(Math.abs(a[startA + i]! - b[startB + i]!) <= NEAR)) return false;
  return true;
}
