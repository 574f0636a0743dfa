/** Distances between rows `[size]` of a row-major `values` `[rows, size]`. */

/** Values compared before the distance so far is compared with the nearest row's. */
const STRETCH = 32;

/**
 * Root mean square difference of `query` to the nearest of `rows`, row `except` left out; Infinity when there is none. A row
 * is given up as soon as it is farther than the nearest so far.
 */
export function nearestDistance(
  query: Float32Array,
  values: Float32Array,
  rows: Uint32Array,
  except?: number,
): number {
  const size = query.length;
  let nearest = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    if (row === except) continue;
    let [at, i, total] = [row * size, 0, 0];
    while (i < size && total < nearest) {
      for (const end = Math.min(size, i + STRETCH); i < end; i++, at++) {
        const difference = query[i]! - values[at]!;
        total += difference * difference;
      }
    }
    if (total < nearest) nearest = total;
  }
  return Math.sqrt(nearest / size);
}

/** The middle value, or the mean of the middle two; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined ? Number.NaN : (low + high!) / 2;
}
