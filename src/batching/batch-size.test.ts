import { expect, test } from 'vitest';
import { batchRows, fullBatch, paddedRows } from './batch-size.ts';
import { BatchTimePredictor } from './predictor.ts';

const sizes = [1, 2, 4, 8, 16, 32, 64];
const limits = { maxBatchRows: 64, sizes };

/** Has seen batches that take `fixed + perRow` times their rows. */
function predictorOf(fixed: number, perRow: number): BatchTimePredictor {
  const predictor = new BatchTimePredictor();
  for (let i = 0; i < 40; i++) predictor.observe(1 + (i % 8), fixed + perRow * (1 + (i % 8)));
  return predictor;
}

test('without knowledge a batch is as large as it may be', () => {
  expect(fullBatch(limits, new BatchTimePredictor())).toBe(64);
});

test('where rows cost time a batch takes about 3 ms, in whole sizes', () => {
  // 0.2 + 0.25 x 8 = 2.2 ms, 0.2 + 0.25 x 11 = 2.95 ms.
  expect(fullBatch(limits, predictorOf(0.2, 0.25))).toBe(8);
  expect(fullBatch({ maxBatchRows: 64 }, predictorOf(0.2, 0.25))).toBe(11);
  expect(fullBatch({ maxBatchRows: 4, sizes }, predictorOf(0.2, 0.25))).toBe(4);
  expect(fullBatch(limits, predictorOf(0.2, 10))).toBe(1);
});

test('where batches cost time they are large: the fixed part is a fifth of one at most', () => {
  // Five times 2 ms: 8 ms for rows of 0.2 ms.
  expect(fullBatch(limits, predictorOf(2, 0.2))).toBe(32);
  expect(fullBatch(limits, predictorOf(2, 0.001))).toBe(64);
});

test('rows wait for the next batch where padding would cost more than it', () => {
  const cpu = { fixed: 0.2, perRow: 0.25 };
  // 5 rows run as 8: 3 more than 4 and 1.
  expect(batchRows(5, { sizes }, cpu)).toBe(4);
  // 7 rows run as 8; 4 and 3, which run as 4, would too.
  expect(batchRows(7, { sizes }, cpu)).toBe(7);
  expect(batchRows(8, { sizes }, cpu)).toBe(8);
  expect(batchRows(5, { sizes }, { fixed: 1, perRow: 0.01 })).toBe(5);
  expect(batchRows(5, {}, cpu)).toBe(5);
  expect(batchRows(5, { sizes }, { fixed: 0, perRow: 0 })).toBe(5);
});

test('beyond the largest size nothing is padded', () => {
  expect(paddedRows(65, { sizes })).toBe(65);
  expect(paddedRows(33, { sizes })).toBe(64);
  expect(paddedRows(33, {})).toBe(33);
});
