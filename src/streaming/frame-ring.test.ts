import { expect, test } from 'vitest';
import { integerAt, permutation, randomKey } from '../random.ts';
import { FrameRing } from './frame-ring.ts';

const frame = (time: number): Float32Array => Float32Array.of(time, -time);
const timesOf = (ring: FrameRing): number[] => Array.from({ length: ring.length }, (_, i) => ring.time(i));

test('keeps frames in order of time, whatever order they come in, across growth and wrapping', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const ring = new FrameRing(2);
    const key = randomKey(seed, 'test/ring');
    let model: number[] = [];
    for (let round = 0; round < 8; round++) {
      const order = permutation(randomKey(seed, 'test/ring/order', round), 15);
      for (const at of order) {
        const time = 100 * round + at;
        ring.insert(time, frame(time), 0);
        model.push(time);
      }
      model = model.toSorted((a, b) => a - b);
      const gone = integerAt(key, round, 12);
      ring.drop(gone);
      model = model.slice(gone);
      expect(timesOf(ring)).toEqual(model);
      model.forEach((time, i) => {
        expect([ring.value(i, 0), ring.value(i, 1)]).toEqual([time, -time]);
      });
    }
  }
});

test('a frame of the same time is replaced: the last one counts', () => {
  const ring = new FrameRing(2);
  expect(ring.insert(1, frame(1), 0)).toBe('inserted');
  expect(ring.insert(2, frame(2), 0)).toBe('inserted');
  expect(ring.insert(1, Float32Array.of(0, 0, 7, 8), 2)).toBe('replaced');
  expect(timesOf(ring)).toEqual([1, 2]);
  expect([ring.value(0, 0), ring.value(0, 1)]).toEqual([7, 8]);
});
