import { expect, test } from 'vitest';
import { allFinite, channelBands, channelStd, type Rows } from './quality.ts';

const rowsOf = (values: number[], rows: number, channels: number, steps: number): Rows => ({
  values: Float32Array.from(values),
  rows,
  channels,
  steps,
});

test('the deviation of a channel is over its rows and steps; a constant channel has none', () => {
  const [varied, constant] = channelStd(rowsOf([1, 3, 9, 9, 1, 3, 9, 9], 2, 2, 2)) as [number, number];
  expect(varied).toBeCloseTo(1, 6);
  expect(constant).toBe(0);
});

test('a large offset does not hide a small deviation', () => {
  expect(channelStd(rowsOf([1e6, 1e6 + 1], 1, 1, 2))[0]).toBeCloseTo(0.5, 6);
});

test('bands are percentiles over rows, step by step', () => {
  const values = Array.from({ length: 11 }, (_, row) => [row, 5]).flat();
  const bands = channelBands(rowsOf(values, 11, 1, 2), 0);
  expect(bands).toEqual([
    { step: 0, low: 1, median: 5, high: 9 },
    { step: 1, low: 5, median: 5, high: 5 },
  ]);
});

test('one value that is not finite is found', () => {
  expect(allFinite(rowsOf([1, 2], 1, 1, 2))).toBe(true);
  expect(allFinite(rowsOf([1, Number.NaN], 1, 1, 2))).toBe(false);
});
