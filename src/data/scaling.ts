import type { ChannelLimits, Dataset } from './dataset.ts';

/** Shares of values below and above the robust limits. */
const TAIL = 0.01;

/**
 * Per-channel limits from the given rows only. `robust`: 1st and 99th percentile, for heavy tails; `minmax`: the
 * extremes. A channel that does not vary gets limits of 1 around its value.
 */
export function fitLimits(dataset: Dataset, rows: Uint32Array, method: 'robust' | 'minmax'): ChannelLimits {
  const { channels, steps, values } = dataset;
  const low = new Float32Array(channels);
  const high = new Float32Array(channels);
  const column = new Float32Array(rows.length * steps);
  for (let channel = 0; channel < channels; channel++) {
    rows.forEach((row, i) => {
      const start = (row * channels + channel) * steps;
      column.set(values.subarray(start, start + steps), i * steps);
    });
    column.sort();
    const tail = method === 'robust' ? Math.floor(column.length * TAIL) : 0;
    const [least, most] = [column[tail]!, column[column.length - 1 - tail]!];
    const margin = most > least ? 0 : 1;
    low[channel] = least - margin;
    high[channel] = most + margin;
  }
  return { low, high };
}

/** `[rows, channels, steps]` to [-1, 1], clipped at the limits. */
export function scaleRows(values: Float32Array, { low, high }: ChannelLimits, steps: number): Float32Array {
  return values.map((value, i) => {
    const channel = Math.floor(i / steps) % low.length;
    const scaled = (2 * (value - low[channel]!)) / (high[channel]! - low[channel]!) - 1;
    return Math.min(1, Math.max(-1, scaled));
  });
}
