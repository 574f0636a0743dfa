import { VigilError } from '../../errors.ts';
import { randomKey, wordAt } from '../../random.ts';

/** Values up to which all sign patterns are counted. */
const MOST_EXACT = 16;
/** Patterns that are drawn for more values. */
const DRAWS = 2 ** MOST_EXACT;

/**
 * Two-sided p-value of the hypothesis that paired differences are symmetric around 0 (R. A. Fisher's randomisation test):
 * the share of sign patterns whose sum is at least as far from 0. Exact up to 16 values; above, 65,536 seeded patterns with
 * the observed one counted in, so that p is never 0 (B. Phipson, G. K. Smyth, 2010). No value, or only zeros: 1. The least p
 * of n values is 2^(1 - n): fewer than 6 cannot reach 0.05. Errors: FIELD_INVALID for a value that is not finite.
 */
export function signFlipTest(differences: readonly number[], seed: number): number {
  const bad = differences.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw VigilError.field(`differences[${bad}]`, String(differences[bad]), 'finite numbers');
  const sizes = differences.map(Math.abs);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  // Sums that are equal on paper differ by rounding.
  const reached = observed - 1e-12 * total;
  const sumOf = (isNegative: (at: number) => boolean): number =>
    sizes.reduce((sum, size, at) => sum + (isNegative(at) ? -size : size), 0);
  let hits = 0;
  if (sizes.length <= MOST_EXACT) {
    const patterns = 2 ** sizes.length;
    for (let pattern = 0; pattern < patterns; pattern++)
      if (Math.abs(sumOf((at) => ((pattern >>> at) & 1) === 1)) >= reached) hits += 1;
    return hits / patterns;
  }
  const key = randomKey(seed, 'sign-flip');
  const words = Math.ceil(sizes.length / 32);
  for (let draw = 0; draw < DRAWS; draw++) {
    const sum = sumOf((at) => ((wordAt(key, draw * words + (at >>> 5)) >>> (at & 31)) & 1) === 1);
    if (Math.abs(sum) >= reached) hits += 1;
  }
  return (hits + 1) / (DRAWS + 1);
}
