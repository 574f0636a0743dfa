/** What synthetic rows look like beside real ones. Rows are `[rows, channels, steps]`, row-major. */

export interface Rows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly channels: number;
  readonly steps: number;
}

/** Where the values of one step of one channel lie over the rows: the 10th, 50th and 90th percentile. */
export interface Band {
  readonly step: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

export function allFinite({ values }: Rows): boolean {
  return values.every(Number.isFinite);
}

/** Standard deviation of each channel over all rows and steps, `[channels]`; 0 says that a channel is constant. */
export function channelStd(rows: Rows): number[] {
  return Array.from({ length: rows.channels }, (_, channel) => {
    const { count, sum, squares } = moments(rows, channel);
    const mean = sum / count;
    return Math.sqrt(Math.max(0, squares / count - mean * mean));
  });
}

function moments({ values, rows, channels, steps }: Rows, channel: number) {
  // Around the first value, so that a large offset does not eat the digits.
  const origin = values[channel * steps] ?? 0;
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < rows; row++) {
    for (let step = 0; step < steps; step++) {
      const value = values[(row * channels + channel) * steps + step]! - origin;
      sum += value;
      squares += value * value;
    }
  }
  return { count: rows * steps, sum, squares };
}

/** The bands of one channel, one per step. */
export function channelBands({ values, rows, channels, steps }: Rows, channel: number): Band[] {
  const column = new Float32Array(rows);
  return Array.from({ length: steps }, (_, step) => {
    for (let row = 0; row < rows; row++) column[row] = values[(row * channels + channel) * steps + step]!;
    column.sort();
    return { step, low: quantile(column, 0.1), median: quantile(column, 0.5), high: quantile(column, 0.9) };
  });
}

/** Linear between the two nearest values, as NumPy's default. `sorted` is ascending and not empty. */
function quantile(sorted: Float32Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (at - below) * ((sorted[below + 1] ?? low) - low);
}
