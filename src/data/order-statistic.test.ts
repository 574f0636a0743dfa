import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { orderStatistics } from './order-statistic.ts';

const RANKS = [0, 1, 10, 500, 989, 998, 999];
const sortedAt = (values: Float32Array): number[] => {
  const sorted = values.slice().sort();
  return RANKS.map((rank) => sorted[rank]!);
};

test('finds what sorting would find, negative numbers, ties and extremes included', () => {
  const normals = fillNormal(randomKey(1, 'order'), new Float32Array(1000));
  const rounded = normals.map((value) => Math.round(value * 2) / 2);
  const scales = normals.map((value, i) => value * 10 ** ((i % 70) - 35));
  for (const values of [normals, rounded, scales, normals.map(() => -3.5)])
    expect(orderStatistics(values, RANKS).map((value) => value + 0)).toEqual(
      sortedAt(values).map((value) => value + 0),
    );
});

test('a rank beyond the values is an error', () => {
  expect(() => orderStatistics(new Float32Array(3), [3])).toThrow('rank 3 of 3 values');
});
