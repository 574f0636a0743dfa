/** Euclidean distances from one row to all rows of `[rows, size]`, written to `out` `[rows]`. */
export function distancesFrom(row: number, values: Float32Array, size: number, out: Float64Array): void {
  const start = row * size;
  for (let other = 0; other < out.length; other++) {
    let sum = 0;
    for (let i = 0, at = other * size; i < size; i++, at++) {
      const difference = values[at]! - values[start + i]!;
      sum += difference * difference;
    }
    out[other] = Math.sqrt(sum);
  }
}
