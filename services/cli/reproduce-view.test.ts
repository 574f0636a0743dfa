import { expect, test } from 'vitest';
import { EXPERIMENTS } from '../../src/experiments/catalogue.ts';
import { distinctRuns, planExperiment } from '../../src/experiments/plan.ts';
import { Estimate } from './reproduce-view.ts';

const settings = { epochs: 4, seeds: 1, folds: undefined, options: {} };
const [alone, joint] = distinctRuns(planExperiment(EXPERIMENTS.figure2, settings));

test('the time left is that of the work left, at the rate since the start; joint epochs weigh more', () => {
  let now = 100;
  const estimate = new Estimate([alone!, joint!], new Set(), () => now);
  for (const { id } of [alone!, joint!]) estimate.update(id, 0);
  expect(estimate.percent).toBe(0);
  expect(estimate.secondsLeft).toBeUndefined();
  now += 10;
  estimate.update(alone!.id, 1);
  const ratio = (100 - estimate.percent) / estimate.percent;
  expect(ratio).toBeGreaterThan(3);
  expect(estimate.secondsLeft).toBeCloseTo(10 * ratio, 9);
  now += 30;
  estimate.update(joint!.id, 1);
  expect(estimate.percent).toBeCloseTo(100, 9);
  expect(estimate.secondsLeft).toBe(0);
});

test('what an earlier process did counts as done, not as done fast', () => {
  let now = 0;
  const estimate = new Estimate([alone!, joint!], new Set([alone!.id]), () => now);
  expect(estimate.percent).toBeGreaterThan(0);
  expect(estimate.secondsLeft).toBeUndefined();
  // The first word of a run that goes on from its checkpoint, at half.
  estimate.update(joint!.id, 0.5);
  expect(estimate.secondsLeft).toBeUndefined();
  now = 20;
  estimate.update(joint!.id, 0.75);
  expect(estimate.secondsLeft).toBeCloseTo(20, 9);
});
