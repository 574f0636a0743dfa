import type { ChannelLimits, Dataset } from './dataset.ts';
import { orderStatistics } from './order-statistic.ts';

/** Shares of values below and above the robust limits. */
const TAIL = 0.01;

/** Half the span of a channel that does not vary: 1, or two steps of float32 where 1 is lost beside the value. */
const marginOf = (value: number): number => Math.max(1, Math.abs(value) * 2 ** -22);

/**
 * Per-channel limits from the given rows only. `robust`: 1st and 99th percentile, for heavy tails; `minmax`: the
 * extremes. A channel that does not vary gets limits of 1 around its value, of more only around values beyond 2^22.
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
    const tail = method === 'robust' ? Math.floor(column.length * TAIL) : 0;
    const [least, most] = orderStatistics(column, [tail, column.length - 1 - tail]) as [number, number];
    const margin = most > least ? 0 : marginOf(least);
    low[channel] = least - margin;
    high[channel] = most + margin;
  }
  return { low, high };
}

/** `[rows, channels, steps]` to [-1, 1], clipped at the limits. */
export function scaleRows(values: Float32Array, { low, high }: ChannelLimits, steps: number): Float32Array {
  const scaled = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += steps) {
    const channel = (start / steps) % low.length;
    const [least, most] = [low[channel]!, high[channel]!];
    for (let i = start; i < start + steps; i++)
      scaled[i] = Math.min(1, Math.max(-1, (2 * (values[i]! - least)) / (most - least) - 1));
  }
  return scaled;
}
