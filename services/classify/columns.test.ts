import { expect, test } from 'vitest';
import { joinColumns, splitColumns } from './columns.ts';

test('columns are joined row by row, and split again', () => {
  const left = Float32Array.of(1, 2, 3, 4);
  const right = Float32Array.of(10, 11, 12, 20, 21, 22);
  const joined = joinColumns(2, left, right);
  expect([...joined]).toEqual([1, 2, 10, 11, 12, 3, 4, 20, 21, 22]);
  expect(splitColumns(2, joined, 2)).toEqual({ logits: left, embedding: right });
});
