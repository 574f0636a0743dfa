/** What the intervals and tests promise, on data whose truth is known. */
import { expect, test } from 'vitest';
import { fillNormal, randomKey, uniformAt } from '../../random.ts';
import { bcaInterval } from './bca.ts';
import { bcaLimits } from './bca-limits.ts';
import { clusterInterval } from './cluster-bootstrap.ts';
import { holm } from './holm.ts';
import { comparePaired, verdictOf } from './paired.ts';
import { signFlipTest } from './sign-flip.ts';

const normals = (count: number, ...path: number[]): number[] => [
  ...fillNormal(randomKey(5, 'test/normals', ...path), new Float32Array(count)),
];

/** Three standard errors of a share over so many trials: one false alarm in 370. */
const within = (share: number, trials: number): number => 3 * Math.sqrt((share * (1 - share)) / trials);

test.each([
  { name: 'normal', draw: (trial: number) => normals(30, trial) },
  {
    name: 'exponential',
    draw: (trial: number) =>
      Array.from(
        { length: 30 },
        (_, i) => -Math.log(1 - uniformAt(randomKey(5, 'test/exponential', trial), i)) - 1,
      ),
  },
])('95 % BCa intervals of 30 $name values cover the mean about as often as they say', ({ draw }) => {
  const trials = 250;
  let covered = 0;
  for (let trial = 0; trial < trials; trial++) {
    const { low, high } = bcaInterval(draw(trial), { seed: trial, resamples: 400 });
    if (low <= 0 && high >= 0) covered += 1;
  }
  // Bootstrap intervals of 30 values are too narrow by the spread of the variance itself: 92 to 94 % is what they reach.
  expect(covered / trials).toBeGreaterThan(0.92 - within(0.92, trials));
  expect(covered / trials).toBeLessThan(0.95 + within(0.95, trials));
});

test('a cluster interval covers where rows of a subject are alike, and one of single rows does not', () => {
  const trials = 80;
  const [subjects, each] = [25, 8];
  const clusters = Array.from({ length: subjects * each }, (_, row) => Math.floor(row / each));
  let covered = 0;
  let naive = 0;
  for (let trial = 0; trial < trials; trial++) {
    const traits = normals(subjects, trial);
    const noise = normals(subjects * each, trial, 1);
    const values = noise.map((value, row) => traits[clusters[row]!]! + 0.3 * value);
    const mean = (rows: Uint32Array): number =>
      rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length;
    const settings = { seed: trial, resamples: 200 };
    const covers = ({ low, high }: { low: number; high: number }): number => (low <= 0 && high >= 0 ? 1 : 0);
    covered += covers(clusterInterval(clusters, mean, settings));
    naive += covers(bcaInterval(values, settings));
  }
  expect(covered / trials).toBeGreaterThan(0.91 - within(0.91, trials));
  expect(naive / trials).toBeLessThan(0.6);
});

test('p-values of the sign-flip test are uniform when nothing is there', () => {
  const trials = 600;
  const p = Array.from({ length: trials }, (_, trial) => signFlipTest(normals(10, trial, 2), trial));
  // Ten values have 512 different p-values, so shares are met to 1/512.
  for (const level of [0.05, 0.25, 0.5, 0.9]) {
    const share = p.filter((value) => value <= level).length / trials;
    expect(Math.abs(share - level), String(level)).toBeLessThan(within(level, trials) + 1 / 512);
  }
});

test('sign flips in closed form: all of one sign, zeros, no values, and more values than are counted out', () => {
  expect(signFlipTest([1, 2, 3, 4], 1)).toBe(2 / 16);
  expect(signFlipTest([-0.1, -0.1, -0.1], 1)).toBe(2 / 8);
  // Of four patterns of (3, 1) all have a sum of at least 2.
  expect(signFlipTest([3, -1], 1)).toBe(1);
  expect(signFlipTest([0, 0, 0], 1)).toBe(1);
  expect(signFlipTest([], 1)).toBe(1);
  const many = new Array<number>(40).fill(1);
  expect(signFlipTest(many, 1)).toBe(1 / 65_537);
  const balanced = many.map((value, at) => (at % 2 === 0 ? value : -value));
  expect(signFlipTest(balanced, 1)).toBe(1);
});

test('drawn and counted p-values agree', () => {
  const values = normals(16, 3).map((value) => value + 0.4);
  const exact = signFlipTest(values, 1);
  // A zero changes no sum, and makes it 17 values: drawn.
  expect(Math.abs(signFlipTest([...values, 0], 1) - exact)).toBeLessThan(within(exact, 65_536));
});

test('BCa: constant values give a point, one value everything, a shift moves the interval, a seed repeats it', () => {
  expect(bcaInterval([0.25, 0.25, 0.25], { seed: 1 })).toEqual({ low: 0.25, high: 0.25 });
  expect(bcaInterval([0.3], { seed: 1 })).toEqual({
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
  });
  const values = [1, 2, 4, 8, 16];
  const found = bcaInterval(values, { seed: 3 });
  expect(bcaInterval(values, { seed: 3 })).toEqual(found);
  const moved = bcaInterval(
    values.map((value) => value + 64),
    { seed: 3 },
  );
  expect(moved.low - 64).toBeCloseTo(found.low, 9);
  expect(moved.high - 64).toBeCloseTo(found.high, 9);
  const wide = bcaInterval(values, { seed: 3, level: 0.99 });
  expect(wide.low).toBeLessThan(found.low);
  expect(wide.high).toBeGreaterThan(found.high);
  expect(() => bcaInterval([], { seed: 1 })).toThrow('values: found 0 values');
  expect(() => bcaInterval([1, Number.NaN], { seed: 1 })).toThrow('values[1]: found NaN');
});

test('BCa without bias and skew is the percentile interval', () => {
  const replicates = Float64Array.from({ length: 1001 }, (_, i) => i - 500);
  const { low, high } = bcaLimits(0, replicates, [-1, 0, 1], 0.9);
  expect(low).toBeCloseTo(-450, 6);
  expect(high).toBeCloseTo(450, 6);
});

test('a cluster bootstrap draws whole clusters, whatever the order of the rows', () => {
  const clusters = [7, 7, 2, 2, 2, 9];
  const seen: number[] = [];
  const statistic = (rows: Uint32Array): number => {
    const of = Array.from(rows, (row) => clusters[row]!);
    for (const [id, size] of [
      [7, 2],
      [2, 3],
      [9, 1],
    ] as const)
      seen.push(of.filter((cluster) => cluster === id).length % size);
    return rows.length;
  };
  const interval = clusterInterval(clusters, statistic, { seed: 1, resamples: 200 });
  expect(new Set(seen)).toEqual(new Set([0]));
  expect(interval.low).toBeGreaterThanOrEqual(3);
  expect(interval.high).toBeLessThanOrEqual(9);
  const reversed = clusters.toReversed();
  expect(clusterInterval(reversed, ({ length }) => length, { seed: 1, resamples: 200 })).toEqual(interval);
  expect(() => clusterInterval([1, 1], () => 0, { seed: 1 })).toThrow('clusters: found 1 clusters');
  expect(() => clusterInterval([1, 2], () => null, { seed: 1 })).toThrow('statistic: found null on all rows');
});

test('resamples on which the statistic is undefined are left out', () => {
  const clusters = [0, 1, 2, 3];
  const needsRow0 = (rows: Uint32Array): number | null => (rows.includes(0) ? rows.length : null);
  expect(clusterInterval(clusters, needsRow0, { seed: 1, resamples: 50 })).toEqual({ low: 4, high: 4 });
});

test('Holm in closed form', () => {
  expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
  expect(holm([0.6, 0.9])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
  expect(() => holm([0.5, 1.5])).toThrow('pValues[1]: found 1.5');
});

/** Ten seeds of a baseline, and a candidate that adds `effect` with some noise. */
const planted = (effect: number, noise: number, n = 10) => {
  const baseline = normals(n, 8).map((value) => 0.6 + 0.02 * value);
  const change = normals(n, 9).map((value) => effect + noise * value);
  return comparePaired(
    baseline.map((score, i) => score + change[i]!),
    baseline,
    { seed: 1, tie: 0.01 },
  );
};

test('a planted effect is found, in either direction; a small one is a tie; a doubtful one is undecided', () => {
  const better = planted(0.05, 0.01);
  expect(better).toMatchObject({ n: 10, verdict: 'better', exploratory: false, p: 2 / 1024 });
  expect(better.interval.low).toBeGreaterThan(0);
  expect(better.meanDifference).toBeCloseTo(0.05, 1);
  expect(planted(-0.05, 0.01).verdict).toBe('worse');
  expect(planted(0.005, 0.0001)).toMatchObject({ verdict: 'tie', p: 2 / 1024 });
  expect(planted(0.02, 0.1).verdict).toBe('undecided');
});

test('few seeds are exploratory, and cannot be better however large the effect', () => {
  expect(planted(0.2, 0.001, 3)).toMatchObject({ n: 3, exploratory: true, p: 0.25, verdict: 'undecided' });
  expect(planted(0.2, 0.001, 1)).toMatchObject({ n: 1, exploratory: true, p: 1, verdict: 'undecided' });
});

test('a verdict with the p that Holm corrected can be weaker', () => {
  const comparison = { meanDifference: 0.05, interval: { low: 0.01, high: 0.09 }, p: 0.03 };
  expect(verdictOf(comparison, 0.01)).toBe('better');
  const [corrected] = holm([0.03, 0.04]);
  expect(verdictOf({ ...comparison, p: corrected! }, 0.01)).toBe('undecided');
  expect(() => comparePaired([1, 2], [1], { seed: 1, tie: 0.01 })).toThrow('candidate: found 2 values');
});
