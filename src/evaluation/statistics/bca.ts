import { VigilError } from '../../errors.ts';
import { integerAt, randomKey } from '../../random.ts';
import { bcaLimits } from './bca-limits.ts';
import type { Interval } from './interval.ts';

/**
 * Bias-corrected and accelerated bootstrap interval of the mean (Efron 1987). A function of its arguments alone. One
 * value has no spread to resample: its interval is everything. Defaults: level 0.95, 10,000 resamples. Errors:
 * FIELD_INVALID for no value, or one that is not finite.
 *
 * With few values the interval is too narrow, as bootstrap intervals are: ten normal values cover in 90 of 100 cases
 * where 95 are asked for.
 */
export function bcaInterval(
  values: readonly number[],
  { level = 0.95, seed, resamples = 10_000 }: { level?: number; seed: number; resamples?: number },
): Interval {
  const n = values.length;
  if (n === 0) throw VigilError.field('values', '0 values', 'at least 1');
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw VigilError.field(`values[${bad}]`, String(values[bad]), 'finite numbers');
  if (n === 1) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const sum = values.reduce((total, value) => total + value, 0);
  const key = randomKey(seed, 'bootstrap/mean');
  const replicates = Float64Array.from({ length: resamples }, (_, resample) => {
    let drawn = 0;
    for (let i = 0; i < n; i++) drawn += values[integerAt(key, resample * n + i, n)]!;
    return drawn / n;
  });
  const jackknife = values.map((value) => (sum - value) / (n - 1));
  return bcaLimits(sum / n, replicates, jackknife, level);
}
