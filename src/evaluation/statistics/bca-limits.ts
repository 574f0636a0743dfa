import type { Interval } from './interval.ts';
import { normalCdf, normalQuantile } from './normal.ts';

/**
 * Bias-corrected and accelerated limits (B. Efron, "Better bootstrap confidence intervals", JASA 82(397), 1987) from
 * bootstrap replicates of a statistic, its value on the data, and its values with one unit left out each. Where all
 * replicates are equal, both limits are that value.
 */
export function bcaLimits(
  estimate: number,
  replicates: Float64Array,
  jackknife: readonly number[],
  level: number,
): Interval {
  const sorted = replicates.toSorted();
  const count = sorted.length;
  if (sorted[0] === sorted[count - 1]) return { low: sorted[0]!, high: sorted[0]! };
  let twice = 0;
  for (const replicate of sorted) twice += replicate < estimate ? 2 : replicate === estimate ? 1 : 0;
  // Ties count half. Never all of one side: the correction would be infinite.
  const below = Math.min(Math.max(twice, 1), 2 * count - 1) / (2 * count);
  const bias = normalQuantile(below);
  const acceleration = accelerationOf(jackknife);
  const limit = (share: number): number => {
    const shifted = bias + normalQuantile(share);
    const room = 1 - acceleration * shifted;
    // No room: the skew moves the limit past the last replicate.
    const z = room > 0 ? bias + shifted / room : Math.sign(shifted) * Number.POSITIVE_INFINITY;
    return quantile(sorted, normalCdf(z));
  };
  return { low: limit((1 - level) / 2), high: limit((1 + level) / 2) };
}

/** A sixth of the skewness of the jackknife influences. */
function accelerationOf(jackknife: readonly number[]): number {
  const mean = jackknife.reduce((sum, value) => sum + value, 0) / jackknife.length;
  let squares = 0;
  let cubes = 0;
  for (const value of jackknife) {
    squares += (mean - value) ** 2;
    cubes += (mean - value) ** 3;
  }
  return squares > 0 ? cubes / (6 * squares ** 1.5) : 0;
}

/** Linear between the two nearest values; `sorted` is ascending and not empty. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const floor = Math.floor(at);
  const low = sorted[floor]!;
  return low + (at - floor) * ((sorted[floor + 1] ?? low) - low);
}
