import { describe, expect, test } from 'vitest';
import { integerAt, randomKey } from '../random.ts';
import type { StreamSettings } from './stream-settings.ts';
import { type Hop, WindowStream } from './window-stream.ts';

/** A window of 1 s in five steps, a hop each 0.5 s. */
const settings: StreamSettings = {
  channels: 1,
  steps: 5,
  windowUs: 1e6,
  hopUs: 0.5e6,
  latenessUs: 0.2e6,
  maxGapUs: 0.3e6,
  resampling: 'linear',
};
type Frame = readonly [us: number, value: number];

const push = (stream: WindowStream, frames: readonly Frame[]): Hop[] => [
  ...stream.push(
    Float64Array.from(frames, ([us]) => us),
    Float32Array.from(frames, ([, value]) => value),
  ),
];
/** All hops of frames that come in one message each, and the end. */
function hopsOf(frames: readonly Frame[], changes: Partial<StreamSettings> = {}): Hop[] {
  const stream = new WindowStream({ ...settings, ...changes });
  return [...frames.flatMap((frame) => push(stream, [frame])), ...stream.end()];
}
const at10Hz = (fromUs: number, count: number): Frame[] =>
  Array.from({ length: count }, (_, i) => [fromUs + i * 1e5, i]);
const told = (hops: readonly Hop[]) => hops.map(({ kind, endUs }) => [kind, endUs]);

describe('hops', () => {
  test('the first window begins at the first frame; the next ones follow by event time', () => {
    const hops = hopsOf(at10Hz(7e6, 21));
    expect(told(hops)).toEqual([
      ['window', 8e6],
      ['window', 8.5e6],
      ['window', 9e6],
    ]);
    expect(hops[0]).toMatchObject({
      values: Float32Array.of(0, 2.5, 5, 7.5, 10),
      coverage: 1,
      interpolated: 0,
    });
    expect(hops[1]).toMatchObject({ values: Float32Array.of(5, 7.5, 10, 12.5, 15) });
  });

  test('a hop is due when a frame at or after its end is final, not before', () => {
    const stream = new WindowStream(settings);
    expect(push(stream, at10Hz(0, 13))).toEqual([]);
    // The frame at 1 s is final once the newest is later than it by more than 0.2 s.
    expect(told(push(stream, [[1.3e6, 13]]))).toEqual([['window', 1e6]]);
  });

  test('less than a window gives nothing, also at the end', () => {
    expect(hopsOf(at10Hz(0, 10))).toEqual([]);
  });

  test('a window with a gap is withheld, and those after it are not', () => {
    const frames = [...at10Hz(0, 11), ...at10Hz(1.4e6, 22)];
    const hops = hopsOf(frames);
    expect(told(hops).slice(0, 5)).toEqual([
      ['window', 1e6],
      ['gap', 1.5e6],
      ['gap', 2e6],
      ['window', 2.5e6],
      ['window', 3e6],
    ]);
    expect(hops[1]).toMatchObject({ gap: { channel: 0, us: 0.4e6 } });
  });
});

describe('late, repeated and jumping frames', () => {
  test('within the lateness a frame takes its place; beyond it is dropped and counted', () => {
    const stream = new WindowStream(settings);
    push(stream, [
      [0, 0],
      [5e5, 5],
      [3e5, 3],
      [299_999, 99],
    ]);
    expect(stream.counts).toEqual({ accepted: 3, late: 1, duplicate: 0 });
  });

  test('of frames with one time the last one counts', () => {
    const frames = at10Hz(0, 11);
    const hops = hopsOf([...frames.slice(0, 6), [5e5, 50], ...frames.slice(6)]);
    expect(hops[0]).toMatchObject({
      values: Float32Array.of(0, 2.5, 50, 7.5, 10),
      frames: { accepted: 12, late: 0, duplicate: 1 },
    });
  });

  test('a jump of more than a window, ahead or back, answers what was due and begins anew', () => {
    const hops = hopsOf([...at10Hz(0, 11), ...at10Hz(60e6, 11), ...at10Hz(5e6, 11)]);
    expect(told(hops)).toEqual([
      ['window', 1e6],
      ['restart', 60e6],
      ['window', 61e6],
      ['restart', 5e6],
      ['window', 6e6],
    ]);
    expect(hops[1]).toMatchObject({ direction: 'forward', jumpUs: 59e6 });
    expect(hops[3]).toMatchObject({ direction: 'back', jumpUs: 56e6 });
  });

  test('a step ahead of exactly a window is a gap, not a jump', () => {
    const hops = hopsOf([...at10Hz(0, 11), ...at10Hz(2e6, 11)]);
    expect(hops.map(({ kind }) => kind)).not.toContain('restart');
  });

  test('a step back of at most a window is a late frame, of more a jump', () => {
    const stream = new WindowStream(settings);
    push(stream, at10Hz(2e6, 11));
    expect(push(stream, [[2e6, 1]])).toEqual([]);
    expect(stream.counts.late).toBe(1);
    const back = push(stream, [[2e6 - 1, 1]]);
    expect(told(back)).toEqual([
      ['window', 3e6],
      ['restart', 2e6 - 1],
    ]);
    expect(stream.counts.late).toBe(1);
  });

  test('frames faster than a stream may send are refused by name; memory stays bounded', () => {
    const stream = new WindowStream(settings);
    const dense: Frame[] = Array.from({ length: 5000 }, (_, i) => [i * 100, 0]);
    expect(() => push(stream, dense)).toThrow(
      /frames\.timestamps_us: found \d+ frames in 0\.1 s; allowed: at most 250/,
    );
  });

  test('the highest allowed rate is served without end', () => {
    const frames: Frame[] = Array.from({ length: 5000 }, (_, i) => [i * 4000, 1]);
    expect(hopsOf(frames)).toHaveLength(38);
  });
});

describe('whatever the messages and the order', () => {
  /** Irregular frames with missing values, gaps, repeats and a jump. */
  function draw(seed: number): Frame[] {
    const key = randomKey(seed, 'test/frames');
    let us = 0;
    return Array.from({ length: 300 }, (_, i) => {
      const dice = integerAt(key, 3 * i, 100);
      us += dice === 0 ? 3e6 : dice < 4 ? 4e5 : 1 + integerAt(key, 3 * i + 1, 60_000);
      return [us, dice < 20 ? Number.NaN : integerAt(key, 3 * i + 2, 1000)];
    });
  }

  test('any cut into messages gives the same hops', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const frames = draw(seed);
      const wanted = hopsOf(frames);
      expect(wanted.length).toBeGreaterThan(5);
      const key = randomKey(seed, 'test/cuts');
      const stream = new WindowStream(settings);
      const found: Hop[] = [];
      for (let from = 0, cut = 0; from < frames.length; cut++) {
        const size = integerAt(key, cut, 40);
        found.push(...push(stream, frames.slice(from, from + size)));
        from += size;
      }
      expect([...found, ...stream.end()]).toEqual(wanted);
    }
  });

  test('any order within the lateness gives the same windows', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const frames = draw(seed);
      const key = randomKey(seed, 'test/delays');
      // Each frame is delayed by less than the lateness: it meets no newest frame further ahead than that.
      const shuffled = frames
        .map((frame, i) => ({ frame, seen: frame[0] + integerAt(key, i, settings.latenessUs) }))
        .toSorted((a, b) => a.seen - b.seen)
        .map(({ frame }) => frame);
      expect(shuffled).not.toEqual(frames);
      const plain = ({ frames: _, ...hop }: Hop) => hop;
      expect(hopsOf(shuffled).map(plain)).toEqual(hopsOf(frames).map(plain));
    }
  });

  test('moving all times moves the hops and changes nothing else', () => {
    const frames = draw(99);
    const moved = frames.map(([us, value]): Frame => [us + 1_700_000_000_000_000, value]);
    const back = hopsOf(moved).map((hop) => ({ ...hop, endUs: hop.endUs - 1_700_000_000_000_000 }));
    // Steps between microseconds are rounded differently far from 0: to some 0.2 microseconds.
    back.forEach((hop, i) => {
      const wanted = hopsOf(frames)[i]!;
      expect({ ...hop, values: 0, coverage: 0, interpolated: 0 }).toEqual({
        ...wanted,
        values: 0,
        coverage: 0,
        interpolated: 0,
      });
      if (hop.kind !== 'window' || wanted.kind !== 'window') return;
      hop.values.forEach((value, k) => {
        expect(value).toBeCloseTo(wanted.values[k]!, 1);
      });
    });
  });
});
