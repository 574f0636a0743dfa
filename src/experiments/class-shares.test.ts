import { expect, test } from 'vitest';
import { rowsByClass } from '../data/batches.ts';
import { simulateDrivers, smallCounts } from '../data/simulated/drivers.ts';
import { parseClassShares, thinTrainingRows } from './class-shares.ts';

const { dataset, split } = await simulateDrivers({ seed: 1, counts: smallCounts(300), steps: 8 });
const countsOf = (rows: Uint32Array): number[] => rowsByClass(dataset, rows).map(({ length }) => length);

test('training rows are thinned to the shares, as many as they allow; the other sides stay', () => {
  const shares = parseClassShares('0.8,0.1,0.1');
  const thinned = thinTrainingRows(dataset, split, shares, 1);
  const counts = countsOf(thinned.train);
  const total = counts.reduce((sum, count) => sum + count, 0);
  counts.forEach((count, k) => {
    // Whole rows: half a row off at most.
    expect(Math.abs(count - shares[k]! * total)).toBeLessThanOrEqual(1);
  });
  expect(counts[0]).toBe(countsOf(split.train)[0]);
  expect(thinned.train.every((row) => split.train.includes(row))).toBe(true);
  expect(new Set(thinned.train).size).toBe(thinned.train.length);
  expect(thinned.validation).toBe(split.validation);
  expect(thinned.test).toBe(split.test);
});

test('the sample is a function of the seed', () => {
  const draw = (seed: number): Uint32Array => thinTrainingRows(dataset, split, [0.8, 0.1, 0.1], seed).train;
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test('shares that make no sense are refused', () => {
  for (const text of ['1', '0.5,0.6', '0,1', 'a,b', '0.5,-0.5,1'])
    expect(() => parseClassShares(text)).toThrow('classShares: found');
  expect(() => thinTrainingRows(dataset, split, [0.5, 0.5], 1)).toThrow('3, one per class');
});
