import { expect, test } from 'vitest';
import { inverseFrequencyWeights, logitOffsets } from './class-weights.ts';

const ROWS = [10_639, 3_650, 5_837];
const TOTAL = 20_126;

test('inverse frequency: every class weighs the same in all, and a training row 1 on average', () => {
  const weights = inverseFrequencyWeights(ROWS);
  const perClass = weights.map((weight, k) => weight * ROWS[k]!);
  for (const each of perClass) expect(each).toBeCloseTo(TOTAL / 3, 6);
  expect(perClass.reduce((sum, each) => sum + each, 0) / TOTAL).toBeCloseTo(1, 12);
});

test('logit offsets are tau log prior', () => {
  expect(logitOffsets([60, 30, 10], 2)).toEqual([2 * Math.log(0.6), 2 * Math.log(0.3), 2 * Math.log(0.1)]);
});

test('a relabelling of the classes relabels the constants', () => {
  const order = [2, 0, 1];
  const rows = order.map((k) => ROWS[k]!);
  expect(inverseFrequencyWeights(rows)).toEqual(order.map((k) => inverseFrequencyWeights(ROWS)[k]));
  expect(logitOffsets(rows, 1)).toEqual(order.map((k) => logitOffsets(ROWS, 1)[k]));
});
