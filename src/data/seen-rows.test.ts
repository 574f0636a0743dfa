import { expect, test } from 'vitest';
import { createDataset } from './create-dataset.ts';
import type { Dataset } from './dataset.ts';
import { unseenRows } from './seen-rows.ts';

/** One value a row. */
function datasetOf(values: readonly number[], groups?: readonly number[]): Dataset {
  return createDataset({
    name: 'd',
    channels: 1,
    steps: 1,
    channelNames: ['c'],
    classNames: ['a', 'b'],
    values: Float32Array.from(values),
    labels: Uint8Array.from(values, (_, row) => row % 2),
    groups: groups && Int32Array.from(groups),
    clips: undefined,
    folds: undefined,
  });
}
const rows = (...numbers: number[]): Uint32Array => Uint32Array.from(numbers);
const left = (
  dataset: Dataset,
  asked: Uint32Array,
  other: Dataset,
  known: Uint32Array,
  own = rows(),
): number[] => [...unseenRows(dataset, asked, own, { dataset: other, rows: known })];

test('within one dataset a row is known with its whole group', () => {
  const data = datasetOf([1, 2, 3, 4, 5, 6], [7, 7, 8, 8, 9, 9]);
  expect(left(data, rows(0, 2, 3, 4), data, rows(1, 5))).toEqual([2, 3]);
});

test('a group that one model alone has met is left out; of one that both have met, rows that the other has seen', () => {
  const data = datasetOf([1, 2, 3, 4, 5, 6, 7, 8, 9], [7, 7, 7, 8, 8, 8, 9, 9, 9]);
  // Both by row: the groups are no news to either.
  expect(left(data, rows(0, 1, 3, 6), data, rows(1, 2, 4, 7), rows(2, 4, 7))).toEqual([0, 3, 6]);
  // One by row, the other by group: what is left would favour the one that knows the subject.
  expect(left(data, rows(0, 3, 6), data, rows(0, 1, 2), rows(1, 4, 7))).toEqual([]);
});

test('without groups rows are known one by one, and equal rows are one', () => {
  const data = datasetOf([1, 2, 3, 1]);
  expect(left(data, rows(0, 1, 2), data, rows(3))).toEqual([1, 2]);
});

test('across datasets values count, and group ids mean nothing', () => {
  const data = datasetOf([1, 2, 3, 4], [1, 1, 2, 2]);
  const older = datasetOf([9, 3, 8, 1], [1, 1, 1, 2]);
  expect(left(data, rows(0, 1, 2, 3), older, rows(0, 1))).toEqual([0, 1, 3]);
});

test('rows of another shape are no rows of this dataset', () => {
  const data = datasetOf([1, 2]);
  const wide = { ...datasetOf([1, 2]), channels: 2, sha256: 'other' };
  expect(left(data, rows(0, 1), wide, rows(0))).toEqual([0, 1]);
});
