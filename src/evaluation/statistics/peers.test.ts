/** Numbers of SciPy and statsmodels on fixed cases; test/fixtures/evaluation/generate.py wrote them. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bcaInterval } from './bca.ts';
import { bcaLimits } from './bca-limits.ts';
import { holm } from './holm.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { signFlipTest } from './sign-flip.ts';

interface LimitsCase {
  readonly values: readonly number[];
  readonly level: number;
  readonly low: number;
  readonly high: number;
}

const fixture = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/evaluation/statistics.json', import.meta.url), 'utf8'),
) as {
  bcaExact: readonly LimitsCase[];
  bcaDrawn: readonly LimitsCase[];
  signFlip: readonly { values: readonly number[]; p: number }[];
  holm: readonly { p: readonly number[]; adjusted: readonly number[] }[];
  normalCdf: readonly { x: number; p: number }[];
  normalQuantile: readonly { p: number; x: number }[];
};

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The means of all n^n resamples. */
function allMeans(values: readonly number[]): Float64Array {
  const n = values.length;
  return Float64Array.from({ length: n ** n }, (_, number) =>
    meanOf(values.map((__, place) => values[Math.floor(number / n ** place) % n]!)),
  );
}

test.each(fixture.bcaExact)(
  'BCa limits are those of scipy.stats.bootstrap on the same resamples: $values at $level',
  (one) => {
    const { values, level, low, high } = one;
    const jackknife = values.map((_, left) => meanOf(values.filter((__, at) => at !== left)));
    const limits = bcaLimits(meanOf(values), allMeans(values), jackknife, level);
    expect(limits.low).toBeCloseTo(low, 10);
    expect(limits.high).toBeCloseTo(high, 10);
  },
);

test.each(fixture.bcaDrawn)(
  'BCa intervals by other random numbers agree within what 20,000 resamples can tell',
  (one) => {
    const found = bcaInterval(one.values, { seed: 1, resamples: 20_000 });
    // A tail quantile of 20,000 draws is off by about 1 % of the width.
    const width = one.high - one.low;
    expect(Math.abs(found.low - one.low) / width).toBeLessThan(0.03);
    expect(Math.abs(found.high - one.high) / width).toBeLessThan(0.03);
  },
);

test.each(fixture.signFlip)(
  'the exact sign-flip p-value is that of scipy.stats.permutation_test: $values',
  ({ values, p }) => {
    expect(signFlipTest(values, 1)).toBeCloseTo(p, 12);
  },
);

test.each(fixture.holm)('Holm adjusts as statsmodels does: $p', ({ p, adjusted }) => {
  const found = holm(p);
  expect(found).toHaveLength(adjusted.length);
  found.forEach((value, at) => {
    expect(value).toBeCloseTo(adjusted[at]!, 12);
  });
});

test('the normal distribution and its quantiles are those of scipy.stats.norm', () => {
  for (const { x, p } of fixture.normalCdf) expect(Math.abs(normalCdf(x) - p), String(x)).toBeLessThan(1e-14);
  for (const { p, x } of fixture.normalQuantile)
    expect(Math.abs(normalQuantile(p) - x), String(p)).toBeLessThan(1e-8);
});
