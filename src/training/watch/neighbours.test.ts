import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../../random.ts';
import { median, nearestDistance } from './neighbours.ts';

const ROWS = 20;
const SIZE = 75;
const values = fillNormal(randomKey(1, 'rows'), new Float32Array(ROWS * SIZE));
const rowAt = (row: number): Float32Array => values.subarray(row * SIZE, (row + 1) * SIZE);
const all = Uint32Array.from({ length: ROWS }, (_, row) => row);

test('the nearest distance is that of every row compared in full', () => {
  const query = fillNormal(randomKey(1, 'query'), new Float32Array(SIZE));
  const distances = [...all].map((row) =>
    Math.sqrt(query.reduce((sum, value, i) => sum + (value - rowAt(row)[i]!) ** 2, 0) / SIZE),
  );
  expect(nearestDistance(query, values, all)).toBeCloseTo(Math.min(...distances), 10);
});

test('a row is its own neighbour unless it is left out', () => {
  expect(nearestDistance(rowAt(4), values, all)).toBe(0);
  expect(nearestDistance(rowAt(4), values, all, 4)).toBeGreaterThan(0.5);
  expect(nearestDistance(rowAt(4), values, Uint32Array.of(4), 4)).toBe(Number.POSITIVE_INFINITY);
});

test('the median of an even number of values is between the middle two; of none there is none', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 2])).toBe(3.5);
  expect(median([])).toBeNaN();
});
