import { expect, test } from 'vitest';
import { mixingShares } from './mixing.ts';

const COUNT = 4000;
const shares = (mixing: number, seed = 1, iteration = 0): Float32Array =>
  mixingShares(mixing, seed, iteration, new Float32Array(COUNT));

test.each([
  [0, 0, 0],
  [0.25, 0, 0.5],
  [0.5, 0, 1],
  [0.75, 0.5, 1],
  [1, 1, 1],
])('mixing %f: shares are uniform from %f to %f', (mixing, low, high) => {
  const found = shares(mixing);
  const mean = found.reduce((sum, share) => sum + share, 0) / COUNT;
  const spread = Math.sqrt(found.reduce((sum, share) => sum + (share - mean) ** 2, 0) / COUNT);
  expect(Math.min(...found)).toBeGreaterThanOrEqual(low);
  expect(Math.max(...found)).toBeLessThanOrEqual(high);
  // Five standard errors of the mean of 4,000, and as much for the deviation.
  const tolerance = (5 * (high - low)) / Math.sqrt(12 * COUNT);
  expect(Math.abs(mean - mixing)).toBeLessThanOrEqual(tolerance);
  expect(Math.abs(spread - (high - low) / Math.sqrt(12))).toBeLessThanOrEqual(tolerance);
});

test('shares are a function of seed and iteration', () => {
  expect(shares(0.5, 1, 7)).toEqual(shares(0.5, 1, 7));
  expect(shares(0.5, 1, 8)).not.toEqual(shares(0.5, 1, 7));
  expect(shares(0.5, 2, 7)).not.toEqual(shares(0.5, 1, 7));
});
