import { VigilError } from '../../errors.ts';
import { integerAt, randomKey } from '../../random.ts';
import { rowsById } from '../rows-by-id.ts';
import { bcaLimits } from './bca-limits.ts';
import type { Interval } from './interval.ts';

/**
 * BCa interval of a statistic of rows that come in clusters: whole clusters (subjects) are drawn with replacement and left
 * out one at a time, because rows of one subject are alike and are no independent evidence. `clusters` holds the cluster of
 * each row. `statistic` gets row numbers, with repeats, and must not keep the array; resamples on which it is null are left out, so
 * the interval is of the cases in which the statistic exists, and everything where there is no such case. Defaults: level 0.95,
 * 2,000 resamples. Errors: FIELD_INVALID for fewer than two clusters, or a statistic that is null on all rows.
 */
export function clusterInterval(
  clusters: readonly number[],
  statistic: (rows: Uint32Array) => number | null,
  { level = 0.95, seed, resamples = 2000 }: { level?: number; seed: number; resamples?: number },
): Interval {
  // By id, so that the order of the rows does not matter.
  const units = rowsById(clusters).map(([, rows]) => rows);
  const n = units.length;
  if (n < 2) throw VigilError.field('clusters', `${n} clusters`, 'at least 2');
  const largest = units.reduce((most, rows) => Math.max(most, rows.length), 0);
  const buffer = new Uint32Array(n * largest);
  const valueOn = (chosen: Iterable<readonly number[]>): number | null => {
    let length = 0;
    for (const rows of chosen) {
      buffer.set(rows, length);
      length += rows.length;
    }
    return statistic(buffer.subarray(0, length));
  };
  const estimate = valueOn(units);
  if (estimate === null) throw VigilError.field('statistic', 'null on all rows', 'a number');
  const key = randomKey(seed, 'bootstrap/clusters');
  const replicates: number[] = [];
  const drawn = new Array<readonly number[]>(n);
  for (let resample = 0; resample < resamples; resample++) {
    for (let i = 0; i < n; i++) drawn[i] = units[integerAt(key, resample * n + i, n)]!;
    const value = valueOn(drawn);
    if (value !== null) replicates.push(value);
  }
  if (replicates.length === 0) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const jackknife = units.flatMap((_, left) => valueOn(units.filter((__, at) => at !== left)) ?? []);
  return bcaLimits(estimate, Float64Array.from(replicates), jackknife, level);
}
