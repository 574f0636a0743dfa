import { expect, test } from 'vitest';
import { resampleClip } from '../data/resample.ts';
import { fillUniform, randomKey } from '../random.ts';
import { FrameRing } from './frame-ring.ts';
import { resampleWindow } from './resample-window.ts';
import type { StreamSettings } from './stream-settings.ts';

/** Five steps, a second apart. */
const settings: StreamSettings = {
  channels: 1,
  steps: 5,
  windowUs: 4e6,
  hopUs: 1e6,
  latenessUs: 0,
  maxGapUs: 2e6,
  resampling: 'linear',
};

/** Frames of [seconds, ...values]. */
function ringOf(frames: readonly (readonly number[])[], channels = 1): FrameRing {
  const ring = new FrameRing(channels);
  for (const [seconds, ...values] of frames) ring.insert(seconds! * 1e6, Float32Array.from(values), 0);
  return ring;
}
const resample = (frames: readonly (readonly number[])[], changes: Partial<StreamSettings> = {}) => {
  const all = { ...settings, ...changes };
  return resampleWindow(ringOf(frames, all.channels), frames.length, 4e6, all);
};

test('frames on the steps are the steps', () => {
  const frames = [0, 1, 2, 3, 4].map((second) => [second, second ** 2]);
  expect(resample(frames)).toEqual({
    values: Float32Array.of(0, 1, 4, 9, 16),
    observed: 5,
    interpolated: 0,
    gap: undefined,
  });
});

test('a line stays a line between frames at most the gap apart', () => {
  const { values, observed, interpolated, gap } = resample([
    [0, 10],
    [2, 30],
    [4, 50],
  ]);
  expect([...values]).toEqual([10, 20, 30, 40, 50]);
  expect([observed, interpolated, gap]).toEqual([3, 2, undefined]);
});

test('a longer gap is not bridged, and is told with its channel', () => {
  const { values, gap } = resample(
    [
      [0, 1, 1],
      [2, 1, Number.NaN],
      [4, 1, 1],
    ],
    { channels: 2 },
  );
  expect(gap).toEqual({ channel: 1, us: 4e6 });
  expect([...values]).toEqual([1, 1, 1, 1, 1, 1, Number.NaN, Number.NaN, Number.NaN, 1]);
});

test('at an edge of what is known the nearest value is held, for as long as a gap may be', () => {
  expect([...resample([[2, 7]]).values]).toEqual([7, 7, 7, 7, 7]);
  const { values, gap } = resample([[1, 7]]);
  expect([...values]).toEqual([7, 7, 7, 7, Number.NaN]);
  expect(gap).toEqual({ channel: 0, us: 3e6 });
  expect(resample([[1, Number.NaN]]).gap).toEqual({ channel: 0, us: Number.POSITIVE_INFINITY });
});

test('mean: each step is the mean of the frames nearest to it, and interpolated where there are none', () => {
  const frames = [
    [0, 2],
    [0.25, 4],
    [0.5, 100],
    [0.9, 200],
    [1.1, Number.NaN],
    [3, 6],
    [4, 8],
  ];
  const { values, observed, interpolated } = resample(frames, { resampling: 'mean', maxGapUs: 3e6 });
  expect(values[0]).toBe(3);
  // 0.5 s is the begin of the second step's share.
  expect(values[1]).toBe(150);
  // Interpolated from the frames around it: 200 at 0.9 s, 6 at 3 s.
  expect(values[2]).toBeCloseTo(200 - (194 * 1.1) / 2.1, 4);
  expect([values[3], values[4]]).toEqual([6, 8]);
  expect([observed, interpolated]).toEqual([4, 1]);
});

test('mean filters what linear folds back: a tone at the rate of the steps', () => {
  const frames = Array.from({ length: 401 }, (_, i) => [i / 100, Math.cos(2 * Math.PI * (i / 100))]);
  const inner = (resampling: 'linear' | 'mean') => [...resample(frames, { resampling }).values].slice(1, 4);
  for (const value of inner('linear')) expect(value).toBeCloseTo(1, 5);
  for (const value of inner('mean')) expect(Math.abs(value)).toBeLessThan(0.02);
});

test('a clip as long as the window becomes what training makes of it', () => {
  const [channels, steps, count] = [3, 20, 57];
  const key = randomKey(1, 'test/resample');
  const gaps = fillUniform(key, new Float32Array(count));
  let at = 0;
  const times = Array.from(gaps, (gap, i) => {
    if (i > 0) at += Math.round(1000 + gap * 90_000);
    return at;
  });
  const values = fillUniform(randomKey(2, 'test/resample'), new Float32Array(count * channels));
  const frames = times.map((_, i) => [...values.subarray(i * channels, (i + 1) * channels)]);
  const ring = new FrameRing(channels);
  for (const [i, time] of times.entries()) ring.insert(time, values, i * channels);
  const all = { ...settings, channels, steps, windowUs: at, maxGapUs: at };
  const found = resampleWindow(ring, count, at, all);
  const wanted = resampleClip(times, frames, steps);
  // The same formula; times are summed in another order, which float32 mostly hides.
  found.values.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i]!, 5);
  });
});
