import { expect, test } from 'vitest';
import { openDataset } from '../data/open-dataset.ts';
import { simulateDrivers, smallCounts } from '../data/simulated/drivers.ts';
import { bayesPosterior } from '../data/simulated/latents.ts';
import { scoreBayes } from './bayes.ts';

const NAME = 'simulated:small?seed=3&rows=900&steps=8';
const { dataset, split } = await openDataset(NAME);
const rows = split!.test;
const PRIORS = [0.5, 0.2, 0.3];

test('the Bayes classifier answers by the latents that the rows were rendered from, and the priors given', async () => {
  const { latents } = await simulateDrivers({ seed: 3, counts: smallCounts(900), steps: 8 });
  const right = (priors: readonly number[]): number =>
    rows.filter((row) => {
      const posterior = bayesPosterior(latents.subarray(3 * row, 3 * row + 3), priors);
      return posterior.indexOf(Math.max(...posterior)) === dataset.labels[row];
    }).length / rows.length;
  const { trainPriors, priorFree } = scoreBayes(NAME, dataset, rows, PRIORS)!;
  expect(trainPriors.accuracy).toBeCloseTo(right(PRIORS), 12);
  expect(priorFree.accuracy).toBeCloseTo(right([1, 1, 1]), 12);
  expect(trainPriors.accuracy).not.toBe(priorFree.accuracy);
});

test('priors of a thinned training side are another classifier; equal ones stay the same', () => {
  const whole = scoreBayes(NAME, dataset, rows, PRIORS)!;
  const thinned = scoreBayes(NAME, dataset, rows, [0.98, 0.01, 0.01])!;
  expect(thinned.priorFree).toEqual(whole.priorFree);
  expect(thinned.trainPriors.accuracy).toBeLessThan(whole.trainPriors.accuracy);
});

test('data whose latents are not known have no bound', () => {
  expect(scoreBayes('drivers.npz', dataset, rows, PRIORS)).toBeNull();
});
