/** Every regime does on the reference engine what it did when its numbers were recorded. */
import { expect, test } from 'vitest';
import { REGIME_NAMES } from '../src/training/options.ts';
import { readTrajectories, trajectoryOf } from './support/trajectories.ts';

/**
 * Relative to the larger of the value and 1. The reference computes in one order, in float32 with the functions of
 * JavaScript: what may differ is how a version of V8 rounds exp and log in the last place, 1e-7, over a few updates.
 */
const TOLERANCE = 1e-5;

const recorded = readTrajectories();

test('a trajectory is recorded for every regime, and no other; no two are the same', () => {
  expect(Object.keys(recorded)).toEqual([...REGIME_NAMES]);
  const first = Object.values(recorded).map((epochs) => JSON.stringify(epochs));
  expect(new Set(first).size).toBe(REGIME_NAMES.length);
});

test.each(REGIME_NAMES)('%s goes the way that was recorded', async (regime) => {
  const found = await trajectoryOf(regime);
  const wanted = recorded[regime]!;
  expect(found.map((losses) => Object.keys(losses))).toEqual(wanted.map((losses) => Object.keys(losses)));
  for (const [epoch, losses] of wanted.entries()) {
    for (const [term, value] of Object.entries(losses)) {
      const apart = Math.abs(found[epoch]![term]! - value) / Math.max(1, Math.abs(value));
      expect(apart, `epoch ${epoch + 1}: ${term}`).toBeLessThan(TOLERANCE);
    }
  }
});
