import { expect, test } from 'vitest';
import { findLeaks } from '../split.ts';
import { PAPER_COUNTS, simulateDrivers, smallCounts } from './drivers.ts';
import { bayesPosterior, LATENTS } from './latents.ts';

const drawn = await simulateDrivers({ seed: 1, counts: smallCounts(300), steps: 40 });

test("the paper's counts: 20,126 / 2,235 / 7,427", () => {
  const sums = Object.values(PAPER_COUNTS).map((counts) => counts.reduce((total, count) => total + count, 0));
  expect(sums).toEqual([20_126, 2_235, 7_427]);
});

test('18 channels, class counts as asked, drivers on one side only', () => {
  const { dataset, split } = drawn;
  expect(dataset).toMatchObject({ channels: 18, steps: 40 });
  const counts = [0, 1, 2].map(
    (label) => [...split.train].filter((row) => dataset.labels[row] === label).length,
  );
  expect(counts).toEqual([...smallCounts(300).train]);
  expect(findLeaks(dataset, split)).toEqual({ groups: [], duplicateRows: 0 });
});

test('a function of the seed', async () => {
  const again = await simulateDrivers({ seed: 1, counts: smallCounts(300), steps: 40 });
  expect(again.dataset.sha256).toBe(drawn.dataset.sha256);
  expect((await simulateDrivers({ seed: 2, counts: smallCounts(300), steps: 40 })).dataset.sha256).not.toBe(
    drawn.dataset.sha256,
  );
});

test('the Bayes classifier of the latents is calibrated and far better than chance', async () => {
  const { dataset, latents } = await simulateDrivers({ seed: 5, counts: smallCounts(3000), steps: 8 });
  const priors = [0, 1, 2].map(
    (label) => dataset.labels.filter((each) => each === label).length / dataset.rows,
  );
  let right = 0;
  let confidence = 0;
  for (let row = 0; row < dataset.rows; row++) {
    const posterior = bayesPosterior(latents.subarray(row * LATENTS, (row + 1) * LATENTS), priors);
    expect(posterior.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    const best = posterior.indexOf(Math.max(...posterior));
    confidence += posterior[best]!;
    right += best === dataset.labels[row] ? 1 : 0;
  }
  expect(right / dataset.rows).toBeGreaterThan(0.75);
  expect(Math.abs(right - confidence) / dataset.rows).toBeLessThan(0.02);
});

test('the channels carry the class: eyes of drowsy drivers are closed longer', () => {
  const { dataset } = drawn;
  const eyes = dataset.channelNames.findIndex((name) => /eye|clos|ear/i.test(name));
  const mean = (label: number): number => {
    const rows = Array.from({ length: dataset.rows }, (_, row) => row).filter(
      (row) => dataset.labels[row] === label,
    );
    const sums = rows.map((row) => {
      const start = (row * dataset.channels + eyes) * dataset.steps;
      return (
        dataset.values.subarray(start, start + dataset.steps).reduce((sum, value) => sum + value, 0) /
        dataset.steps
      );
    });
    return sums.reduce((sum, value) => sum + value, 0) / rows.length;
  };
  expect(Math.abs(mean(2) - mean(0))).toBeGreaterThan(0.05);
  expect(dataset.values.every(Number.isFinite)).toBe(true);
});
