import { expect, test } from 'vitest';
import { createDataset } from '../data/create-dataset.ts';
import type { Dataset, Split } from '../data/dataset.ts';
import { fillUniform, randomKey } from '../random.ts';
import { parseSplitOptions, parseTrainingOptions } from './options.ts';
import { copyWarnings, findSplitLeaks, leakWarnings } from './split-leaks.ts';
import { splitRows } from './split-rows.ts';
import { prepareData } from './training-data.ts';

const [ROWS, STEPS] = [30, 8];
const SPLIT: Split = {
  train: Uint32Array.from({ length: 20 }, (_, row) => row),
  validation: Uint32Array.of(20, 21, 22, 23, 24),
  test: Uint32Array.of(25, 26, 27, 28, 29),
};

/** Random rows, where `copies` [to, from, noise] repeat others. */
function data(copies: readonly [number, number, number][], groups?: Int32Array): Dataset {
  const values = fillUniform(randomKey(2, 'test/rows'), new Float32Array(ROWS * STEPS));
  for (const [to, from, noise] of copies)
    for (let i = 0; i < STEPS; i++) values[to * STEPS + i] = values[from * STEPS + i]! + noise;
  return createDataset({
    name: 'test',
    channels: 1,
    steps: STEPS,
    channelNames: ['a'],
    classNames: ['x', 'y'],
    values,
    labels: Uint8Array.from({ length: ROWS }, (_, row) => row % 2),
    groups,
    clips: undefined,
    folds: undefined,
  });
}

const options = parseTrainingOptions({}, 'classifier_only');
const leaksOf = (dataset: Dataset) => findSplitLeaks(prepareData(dataset, SPLIT, options));

test('rows that are as good as equal across sides are counted and told', () => {
  // The noise is small against the range of a channel, which is scaled to 2.
  const leaks = leaksOf(
    data([
      [20, 3, 2e-7],
      [26, 4, 2e-7],
      [27, 21, 2e-7],
    ]),
  );
  expect(leaks).toEqual({ groups: 0, validationRows: 1, testRows: 2 });
  expect(leakWarnings(leaks)).toEqual([
    '1 validation rows are within 1e-6 (scaled) of a training row',
    '2 test rows are within 1e-6 (scaled) of a training or validation row',
  ]);
});

test('clean data warn of nothing', () => {
  const clean = leaksOf(data([]));
  expect(clean).toEqual({ groups: 0, validationRows: 0, testRows: 0 });
  expect(leakWarnings(clean)).toEqual([]);
  expect(copyWarnings({ nearDuplicates: 0, syntheticRows: 768, syntheticCopies: 0 })).toEqual([]);
});

test('groups that a split by row cuts are counted', () => {
  const groups = Int32Array.from({ length: ROWS }, (_, row) => (row === 29 ? 0 : Math.floor(row / 5)));
  const leaks = leaksOf(data([], groups));
  expect(leaks.groups).toBe(1);
  expect(leakWarnings(leaks)[0]).toContain('1 groups have rows on two sides');
});

test("identical rows on two sides of the data's own split are refused before training", () => {
  const own = (dataset: Dataset) => splitRows(dataset, SPLIT, parseSplitOptions({}), 1);
  expect(own(data([[28, 29, 0]])).by).toBe('dataset');
  expect(() => own(data([[28, 2, 0]]))).toThrow('1 rows whose values stand on another side too');
  const groups = Int32Array.from({ length: ROWS }, (_, row) => (row === 29 ? 0 : Math.floor(row / 5)));
  expect(() => own(data([], groups))).toThrow('groups 0 on two sides');
});
