import { expect, test } from 'vitest';
import { fillUniform, permutation, randomKey } from '../../random.ts';
import type { Engine } from '../../tensor/engine.ts';
import { openOnnxruntime } from '../../tensor/onnxruntime/engine.ts';
import { openReference } from '../../tensor/reference/engine.ts';
import { nearestNeighbours } from './neighbours.ts';

const onnxruntime = openOnnxruntime({ threads: 1 });
const find = (points: Float32Array, size: number, k: number, engine: Engine = onnxruntime) =>
  nearestNeighbours(engine, points, size, k, async () => {});

const random = (rows: number, size: number): Float32Array =>
  fillUniform(randomKey(4, 'points'), new Float32Array(rows * size));

/** A row's neighbours, by sorting all others. */
function bySorting(points: Float32Array, size: number, k: number, row: number): number[] {
  const distance = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += (points[a * size + i]! - points[b * size + i]!) ** 2;
    return sum;
  };
  return Array.from({ length: points.length / size }, (_, other) => ({ other, apart: distance(row, other) }))
    .filter(({ other }) => other !== row)
    .sort((a, b) => a.apart - b.apart || a.other - b.other)
    .slice(0, k)
    .map(({ other }) => other);
}

test.each([
  ['one block', 70, 6],
  // 2100 rows: two tiles and five blocks of queries, the last ones not full.
  ['several blocks', 2100, 3],
])('the neighbours are those that sorting finds: %s', async (_, rows, size) => {
  const points = random(rows, size);
  const found = await find(points, size, 5);
  expect(found).toHaveLength(5 * rows);
  for (let row = rows - 1; row >= 0; row -= 11)
    expect(Array.from(found.subarray(5 * row, 5 * row + 5))).toEqual(bySorting(points, size, 5, row));
});

test('engines agree', async () => {
  const points = random(40, 7);
  expect(await find(points, 7, 5)).toEqual(await find(points, 7, 5, await openReference()));
});

test('a permutation of the rows permutes the neighbours', async () => {
  const [rows, size, k] = [50, 4, 3];
  const points = random(rows, size);
  const order = permutation(randomKey(1, 'order'), rows);
  const moved = Float32Array.from(
    points,
    (_, i) => points[order[Math.floor(i / size)]! * size + (i % size)]!,
  );
  const [before, after] = [await find(points, size, k), await find(moved, size, k)];
  for (let row = 0; row < rows; row++) {
    const found = Array.from(after.subarray(row * k, (row + 1) * k), (other) => order[other]!);
    expect(found).toEqual(Array.from(before.subarray(order[row]! * k, (order[row]! + 1) * k)));
  }
});

test('of identical rows the first come first, and no row is its own neighbour', async () => {
  const points = Float32Array.from([0.3, 0.3, 0.3, 0.9]);
  expect(Array.from(await find(points, 1, 2))).toEqual([1, 2, 0, 2, 0, 1, 0, 1]);
  const many = await find(new Float32Array(600).fill(0.3), 1, 2);
  expect(Array.from(many)).toEqual(
    Array.from({ length: 600 }, (_, row) => [row > 0 ? 0 : 1, row > 1 ? 1 : 2]).flat(),
  );
});

test('fewer rows than neighbours: all others; one row: none', async () => {
  expect(Array.from(await find(Float32Array.of(0, 2, 3), 1, 5))).toEqual([1, 2, 2, 0, 1, 0]);
  expect(await find(Float32Array.of(0.5, 0.1), 2, 5)).toHaveLength(0);
});
