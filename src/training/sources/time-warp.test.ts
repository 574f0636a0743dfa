import { expect, test } from 'vitest';
import { randomKey } from '../../random.ts';
import { at, warpPath } from './time-warp.ts';

test('a path runs from the first step to the last and never back, at any sigma', () => {
  for (let seed = 0; seed < 50; seed++) {
    for (const sigma of [0, 0.2, 1]) {
      const path = warpPath(randomKey(seed, 'warp'), 30, sigma);
      expect(path[0]).toBe(0);
      expect(path.at(-1)).toBeCloseTo(29, 9);
      expect(path.at(-1)).toBeLessThanOrEqual(29);
      for (let step = 1; step < path.length; step++) expect(path[step]!).toBeGreaterThan(path[step - 1]!);
    }
  }
});

test('sigma 0 keeps time as it is; a larger sigma bends it further', () => {
  const distance = (sigma: number): number =>
    Math.max(...warpPath(randomKey(2, 'warp'), 30, sigma).map((position, step) => Math.abs(position - step)));
  expect(distance(0)).toBe(0);
  expect(distance(0.1)).toBeGreaterThan(0.1);
  expect(distance(0.2)).toBeGreaterThan(distance(0.1));
});

test('rows of one or two steps have nowhere to go', () => {
  expect([...warpPath(randomKey(1, 'warp'), 1, 1)]).toEqual([0]);
  expect([...warpPath(randomKey(1, 'warp'), 2, 1)]).toEqual([0, 1]);
});

test('values between steps are interpolated, within their own stretch', () => {
  const values = Float32Array.of(9, 0, 2, 6, 9);
  expect([0, 0.5, 1, 1.75, 2].map((position) => at(values, 1, 3, position))).toEqual([0, 1, 2, 5, 6]);
  expect(at(values, 2, 1, 0)).toBe(2);
});
