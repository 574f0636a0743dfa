/** What the training rows look like: the side of a drift comparison that never changes. Stored with the model. */
export interface ChannelReference {
  /** Upper ends of all bins but the last, ascending; a value belongs to the first bin whose end it does not exceed. */
  readonly edges: readonly number[];
  /** Shares of the training values, one more than edges. */
  readonly shares: readonly number[];
}

export interface DriftReference {
  /** Training rows. */
  readonly rows: number;
  readonly channels: readonly ChannelReference[];
}

/** Bins of a channel, where its values are distinct enough. Ten is the usual choice for PSI. */
export const BINS = 10;

/** Rows of a dataset, in original units. */
export interface Rows {
  readonly channels: number;
  readonly steps: number;
  /** `[rows, channels, steps]` */
  readonly values: Float32Array;
}

/** Bins between the deciles of every channel over the given rows, at least one, and the shares of values in them. */
export function fitReference({ channels, steps, values }: Rows, rows: Uint32Array): DriftReference {
  const column = new Float32Array(rows.length * steps);
  const fitted = Array.from({ length: channels }, (_, channel) => {
    rows.forEach((row, i) => {
      const start = (row * channels + channel) * steps;
      column.set(values.subarray(start, start + steps), i * steps);
    });
    return fitChannel(column.sort());
  });
  return { rows: rows.length, channels: fitted };
}

/** A value that fills several bins makes one of them. */
function fitChannel(sorted: Float32Array): ChannelReference {
  const deciles = Array.from(
    { length: BINS - 1 },
    (_, i) => sorted[Math.ceil(((i + 1) * sorted.length) / BINS) - 1]!,
  );
  const edges = [...new Set(deciles)];
  const shares = new Array<number>(edges.length + 1).fill(0);
  let bin = 0;
  for (const value of sorted) {
    while (bin < edges.length && value > edges[bin]!) bin += 1;
    shares[bin]! += 1 / sorted.length;
  }
  return { edges, shares };
}
