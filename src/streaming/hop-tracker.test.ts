import { expect, test } from 'vitest';
import { HopTracker } from './hop-tracker.ts';

const levels = [{ name: 'drowsy', classes: [1], enter: 0.75, leave: 0.5 }];
const tracker = (halfLifeHops: number) => new HopTracker({ hopUs: 1e6, holdUs: 5e6, halfLifeHops, levels });
const drowsy = (p: number): Float32Array => Float32Array.of(1 - p, p);

test('after a half-life the past weighs half', () => {
  const smooth = tracker(2);
  expect([...smooth.answer(0, drowsy(1)).smoothed]).toEqual([0, 1]);
  smooth.answer(1e6, drowsy(0));
  const { smoothed } = smooth.answer(2e6, drowsy(0));
  expect(smoothed[1]).toBeCloseTo(0.5, 12);
  expect(smoothed[0]! + smoothed[1]!).toBeCloseTo(1, 12);
});

test('hops that were skipped count: the past fades with event time', () => {
  const smooth = tracker(2);
  smooth.answer(0, drowsy(1));
  expect(smooth.answer(2e6, drowsy(0)).smoothed[1]).toBeCloseTo(0.5, 12);
});

test('without smoothing the answer is the answer', () => {
  const plain = tracker(0);
  plain.answer(0, drowsy(1));
  expect([...plain.answer(1e6, drowsy(0.25)).smoothed]).toEqual([0.75, 0.25]);
});

test('the level is of the smoothed probabilities, and tells when it changed', () => {
  const smooth = tracker(1);
  expect(smooth.answer(0, drowsy(0))).toMatchObject({ level: 0, changed: false });
  expect(smooth.answer(1e6, drowsy(1))).toMatchObject({ level: 0, changed: false });
  expect(smooth.answer(2e6, drowsy(1))).toMatchObject({ level: 1, changed: true });
  expect(smooth.answer(3e6, drowsy(1))).toMatchObject({ level: 1, changed: false });
});

test('withheld hops hold the level for so long, and no longer', () => {
  const held = tracker(0);
  held.answer(0, drowsy(1));
  expect(held.withhold(5e6)).toEqual({ level: 1, changed: false });
  expect(held.withhold(6e6)).toEqual({ level: 0, changed: true });
  expect(held.withhold(7e6)).toEqual({ level: 0, changed: false });
});

test('an answer after too long a silence has no past', () => {
  const smooth = tracker(100);
  smooth.answer(0, drowsy(1));
  expect(smooth.answer(6e6, drowsy(0))).toMatchObject({
    level: 0,
    changed: true,
    smoothed: Float64Array.of(1, 0),
  });
});

test('a restart forgets', () => {
  const smooth = tracker(100);
  smooth.answer(0, drowsy(1));
  expect(smooth.restart()).toEqual({ level: 0, changed: true });
  expect([...smooth.answer(1e6, drowsy(0)).smoothed]).toEqual([1, 0]);
});
