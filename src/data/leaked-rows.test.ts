import { expect, test } from 'vitest';
import { fillUniform, randomKey } from '../random.ts';
import { leakedRows } from './leaked-rows.ts';

const SIZE = 24;
const random = (rows: number, stream: number): Float32Array =>
  fillUniform(randomKey(1, 'test/rows', stream), new Float32Array(rows * SIZE)).map((value) => 2 * value - 1);

/** Compares every pair. */
function leakedOneByOne(candidates: Float32Array, heldOut: Float32Array): number[] {
  const row = (values: Float32Array, at: number): Float32Array => values.subarray(at * SIZE, (at + 1) * SIZE);
  const known = Array.from({ length: heldOut.length / SIZE }, (_, at) => row(heldOut, at));
  return Array.from({ length: candidates.length / SIZE }, (_, at) => at).filter((at) =>
    known.some((other) => row(candidates, at).every((value, i) => Math.abs(value - other[i]!) <= 1e-6)),
  );
}

test('a generator that copies test rows, with and without noise, is caught at just those rows', () => {
  const heldOut = random(200, 0);
  const drawn = random(50, 1);
  const copy = (from: number, to: number, noise: number): void => {
    for (let i = 0; i < SIZE; i++)
      drawn[to * SIZE + i] = heldOut[from * SIZE + i]! + (i % 2 === 0 ? noise : -noise);
  };
  copy(199, 3, 0);
  copy(0, 17, 8e-7);
  copy(0, 18, -8e-7);
  // More than the tolerance is no copy, in all values or in one.
  copy(7, 20, 1e-4);
  copy(9, 21, 0);
  drawn[21 * SIZE + 5]! += 1e-4;
  const found = [...leakedRows({ values: drawn }, { values: heldOut }, SIZE)];
  expect(found).toEqual([3, 17, 18]);
  expect(found).toEqual(leakedOneByOne(drawn, heldOut));
  expect([...leakedRows({ values: random(50, 2) }, { values: heldOut }, SIZE)]).toEqual([]);
});

test('rows of one array can be held against others of it, in any order and when all means are equal', () => {
  const values = Float32Array.from({ length: 6 * SIZE }, (_, at) => {
    const row = Math.floor(at / SIZE) % 3;
    // Three different rows of mean 0, each twice.
    return Math.sin((2 * Math.PI * (row + 1) * (at % SIZE)) / SIZE);
  });
  const found = leakedRows(
    { values, rows: Uint32Array.of(4, 0, 2) },
    { values, rows: Uint32Array.of(1, 3) },
    SIZE,
  );
  expect([...found]).toEqual([0, 1]);
  expect([...leakedRows({ values }, { values, rows: new Uint32Array() }, SIZE)]).toEqual([]);
});
