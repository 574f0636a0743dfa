/** What happens between a dataset and a batch: splits, scaling, batches. */
import { beforeAll, expect, test } from 'vitest';
import { createBalancedBatches, createNaturalBatches, rowsByClass } from './batches.ts';
import { createDataset } from './create-dataset.ts';
import type { Dataset, Split } from './dataset.ts';
import { loadDataset } from './load-dataset.ts';
import { fitLimits, scaleRows } from './scaling.ts';
import { findLeaks, splitByFold, splitByGroup, splitByRow } from './split.ts';

const SHARES = { testShare: 0.2, validationShare: 0.15, seed: 3 };
let people: Dataset;

beforeAll(async () => {
  people = (await loadDataset('examples/uta-rldd-blinks/uta_rldd_blinks.npz')).dataset;
});

const small = (values: number[], labels: number[], change: object = {}): Dataset =>
  createDataset({
    source: 'test',
    name: 'test',
    channels: 1,
    steps: values.length / labels.length,
    channelNames: ['a'],
    classNames: ['x', 'y'],
    values: Float32Array.from(values),
    labels: Uint8Array.from(labels),
    groups: undefined,
    clips: undefined,
    folds: undefined,
    ...change,
  } as Parameters<typeof createDataset>[0]);

const sizes = ({ train, validation, test: held }: Split): number[] => [
  train.length,
  validation.length,
  held.length,
];

test('a split by group covers all rows once, close to its shares, and no person is on two sides', () => {
  const split = splitByGroup(people, SHARES);
  const all = [...split.train, ...split.validation, ...split.test].sort((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: people.rows }, (_, row) => row));
  expect(findLeaks(people, split)).toEqual({ groups: [], duplicateRows: 0 });
  const [train, validation, held] = sizes(split).map((size) => size / people.rows) as [
    number,
    number,
    number,
  ];
  expect(Math.abs(train - 0.65)).toBeLessThan(0.1);
  expect(Math.abs(validation - 0.15)).toBeLessThan(0.1);
  expect(Math.abs(held - 0.2)).toBeLessThan(0.1);
});

test('the same seed gives the same split, another seed another', () => {
  expect(splitByGroup(people, SHARES)).toEqual(splitByGroup(people, SHARES));
  expect(splitByGroup(people, { ...SHARES, seed: 4 })).not.toEqual(splitByGroup(people, SHARES));
});

test('a split by fold holds the folds out', () => {
  const split = splitByFold(people, { testFold: 5, validationFold: 4 });
  expect(new Set([...split.test].map((row) => people.folds![row]))).toEqual(new Set([5]));
  expect(new Set([...split.validation].map((row) => people.folds![row]))).toEqual(new Set([4]));
  expect(sizes(split)).toEqual([5508, 1462, 1691]);
  expect(() => splitByFold(people, { testFold: 9, validationFold: 4 })).toThrow(
    'split.testFold: found 9; allowed: 1, 2, 3, 4, 5',
  );
});

test('identical rows stay together in a split by row', () => {
  const values = Array.from({ length: 60 }, (_, row) => Math.floor(row / 3));
  const split = splitByRow(
    small(
      values,
      values.map((value) => value % 2),
    ),
    SHARES,
  );
  for (const rows of Object.values(split) as Uint32Array[]) expect(rows.length % 3).toBe(0);
});

test('leaks are found: a person on two sides, a row that stands on another side too', () => {
  const dataset = small([1, 2, 1, 4], [0, 1, 0, 1], { groups: Int32Array.from([1, 1, 2, 3]) });
  const split = { train: Uint32Array.of(0), validation: Uint32Array.of(1), test: Uint32Array.of(2, 3) };
  expect(findLeaks(dataset, split)).toEqual({ groups: [1], duplicateRows: 1 });
});

test('groups that share an identical row go to the same side', () => {
  const values = Array.from({ length: 40 }, (_, row) => (row % 10 === 0 ? 99 : row));
  const groups = Int32Array.from(values, (_, row) => Math.floor(row / 2));
  const dataset = small(
    values,
    values.map((_, row) => row % 2),
    { groups },
  );
  const split = splitByGroup(dataset, SHARES);
  const sides = (Object.values(split) as Uint32Array[]).filter((rows) =>
    [...rows].some((row) => values[row] === 99),
  );
  expect(sides).toHaveLength(1);
});

test('a class that the data name and do not have leaves the split of the others as it is', () => {
  const values = Array.from({ length: 40 }, (_, row) => row);
  const labels = values.map((row) => row % 2);
  const split = splitByRow(small(values, labels, { classNames: ['x', 'y', 'absent'] }), SHARES);
  expect(split).toEqual(splitByRow(small(values, labels), SHARES));
});

test('without group ids a split is not called subject-wise', () => {
  expect(() => splitByGroup(small([1, 2, 3, 4], [0, 1, 0, 1]), SHARES)).toThrow('the data has no group ids');
});

test('limits come from training rows alone; values beyond are clipped; a constant channel does not divide by zero', () => {
  const dataset = small([0, 10, 5, 1000, 7, 7], [0, 1, 0]);
  const limits = fitLimits(dataset, Uint32Array.of(0, 2), 'minmax');
  expect([limits.low[0], limits.high[0]]).toEqual([0, 10]);
  expect([...scaleRows(dataset.values, limits, dataset.steps)]).toEqual([
    -1,
    1,
    0,
    1,
    expect.closeTo(0.4, 6),
    expect.closeTo(0.4, 6),
  ]);
  const constant = fitLimits(dataset, Uint32Array.of(2), 'robust');
  expect([...scaleRows(Float32Array.of(7, 7), constant, 2)]).toEqual([0, 0]);
});

test('limits around a constant that float32 steps over by more than 1 are still two', () => {
  // A time stamp in seconds: neighbours in float32 are 128 apart.
  const dataset = small([1.7e9, 1.7e9, 1.7e9, 1.7e9], [0, 1]);
  const limits = fitLimits(dataset, Uint32Array.of(0, 1), 'robust');
  expect(limits.high[0]!).toBeGreaterThan(limits.low[0]!);
  expect([...scaleRows(dataset.values, limits, 2)]).toEqual([0, 0, 0, 0]);
});

test('robust limits leave out one percent at each end', () => {
  const values = Array.from({ length: 200 }, (_, i) => i);
  const dataset = small(
    values,
    values.map((value) => value % 2),
  );
  const { low, high } = fitLimits(dataset, Uint32Array.from(values), 'robust');
  expect([low[0], high[0]]).toEqual([2, 197]);
});

test('natural batches go through all rows once an epoch, in another order each epoch, whatever was asked before', () => {
  const rows = Uint32Array.from({ length: 30 }, (_, i) => i);
  const batch = createNaturalBatches({ rows, batchSize: 10, seed: 1 });
  const epoch = (from: number): number[] => [from, from + 1, from + 2].flatMap((step) => [...batch(step)]);
  expect(epoch(0).toSorted((a, b) => a - b)).toEqual([...rows]);
  expect(epoch(3)).not.toEqual(epoch(0));
  const fresh = createNaturalBatches({ rows, batchSize: 10, seed: 1 });
  expect([...fresh(4)]).toEqual([...batch(4)]);
  expect([...createNaturalBatches({ rows, batchSize: 10, seed: 2 })(0)]).not.toEqual([...batch(0)]);
});

test('balanced batches differ by at most one row per class, and use every row of a class before any twice', () => {
  const dataset = small(
    Array.from({ length: 33 }, (_, i) => i),
    Array.from({ length: 33 }, (_, i) => (i < 30 ? 0 : 1)),
  );
  const rows = Uint32Array.from({ length: 33 }, (_, i) => i);
  const batch = createBalancedBatches({ rowsByClass: rowsByClass(dataset, rows), batchSize: 7, seed: 1 });
  const seen: number[] = [];
  for (let step = 0; step < 6; step++) {
    const labels = [...batch(step)].map((row) => dataset.labels[row]!);
    const sparse = labels.filter((label) => label === 1).length;
    expect(Math.abs(2 * sparse - 7)).toBeLessThanOrEqual(1);
    seen.push(...[...batch(step)].filter((row) => row >= 30));
  }
  for (let turn = 0; turn + 3 <= seen.length; turn += 3)
    expect(new Set(seen.slice(turn, turn + 3)).size).toBe(3);
});
