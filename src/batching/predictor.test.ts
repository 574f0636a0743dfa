import { expect, test } from 'vitest';
import { integerAt, randomKey } from '../random.ts';
import { BatchTimePredictor } from './predictor.ts';

/** A predictor that has seen batches of `fixed + perRow * rows` ms, of 1 to 64 rows. */
function taught(fixed: number, perRow: number, batches = 40): BatchTimePredictor {
  const predictor = new BatchTimePredictor();
  for (let i = 0; i < batches; i++) {
    const rows = integerAt(randomKey(7, 'rows'), i, 64) + 1;
    predictor.observe(rows, fixed + perRow * rows);
  }
  return predictor;
}

test('finds the line that batches follow', () => {
  const predictor = taught(3, 0.1);
  expect(predictor.time(1, 64)).toBeCloseTo(3.1, 6);
  expect(predictor.time(64, 64)).toBeCloseTo(9.4, 6);
});

test('rows of several batches cost each its fixed part', () => {
  expect(taught(3, 0.1).time(130, 64)).toBeCloseTo(3 * 3 + 13, 6);
});

test('says nothing before it has seen enough', () => {
  const predictor = taught(3, 0.1, 7);
  expect(predictor.time(1, 64)).toBeUndefined();
  predictor.observe(1, 3.1);
  expect(predictor.time(1, 64)).toBeDefined();
});

test('batches of one size say nothing of rows: larger ones are not predicted to take longer', () => {
  const predictor = new BatchTimePredictor();
  for (let i = 0; i < 10; i++) predictor.observe(1, 2);
  expect(predictor.time(64, 64)).toBeCloseTo(2, 6);
});

test('scattered times of nearly equal sizes are not blamed on rows', () => {
  const key = randomKey(3, 'scatter');
  for (let run = 0; run < 50; run++) {
    const predictor = new BatchTimePredictor();
    // Every fourth batch waits 5 ms for the processor; rows themselves cost next to nothing.
    for (let i = 0; i < 30; i++) {
      const [rows, waits] = [
        integerAt(key, 100 * run + 2 * i, 2) + 1,
        integerAt(key, 100 * run + 2 * i + 1, 4) === 0,
      ];
      predictor.observe(rows, 0.5 + 0.05 * rows + (waits ? 5 : 0));
    }
    expect(predictor.time(16, 16)).toBeLessThan(16);
    expect(predictor.rowsWithin(5 * predictor.fixed)).toBeGreaterThan(4);
  }
});

test('neither term is negative, whatever was seen', () => {
  const faster = new BatchTimePredictor();
  for (let i = 0; i < 20; i++) faster.observe(1 + (i % 2) * 63, i % 2 ? 1 : 5);
  expect(faster.time(64, 64)).toBeGreaterThan(0);
  const convex = new BatchTimePredictor();
  for (let i = 0; i < 20; i++) convex.observe(32 + (i % 2) * 32, i % 2 ? 100 : 1);
  expect(convex.time(1, 64)).toBeGreaterThan(0);
  expect(convex.time(0, 64)).toBe(0);
});

test('a pause of the machine moves it little, a lasting change is followed', () => {
  const predictor = taught(3, 0.1, 200);
  const before = predictor.time(32, 64)!;
  predictor.observe(32, 10_000);
  expect(predictor.time(32, 64)! / before).toBeLessThan(1.2);
  for (let i = 0; i < 200; i++) predictor.observe(1 + (i % 64), 3 * (3 + 0.1 * (1 + (i % 64))));
  expect(predictor.time(32, 64)! / before).toBeCloseTo(3, 1);
});
