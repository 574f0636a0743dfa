/**
 * Frames of a window on the model's grid: steps evenly from its begin to its end, both included, as clips of a
 * training are resampled. Each channel is taken by itself; NaN is a value that was not observed.
 */
import type { FrameRing } from './frame-ring.ts';
import type { StreamSettings } from './stream-settings.ts';

/** The longest gap that was not bridged. */
export interface Gap {
  readonly channel: number;
  /** Infinity when the channel was not observed at all. */
  readonly us: number;
}

export interface ResampledWindow {
  /** `[channels, steps]`; NaN where a gap was not bridged. */
  readonly values: Float32Array;
  /** Values with an observed one within half a step. */
  readonly observed: number;
  /** Values further from an observed one than half a step, and bridged. */
  readonly interpolated: number;
  readonly gap: Gap | undefined;
}

/**
 * The window that ends at `endUs`, from the `frames` oldest frames of the ring. A value between two observed ones at
 * most `maxGapUs` apart is interpolated; at an edge of what is known, the nearest one within `maxGapUs` is held.
 */
export function resampleWindow(
  ring: FrameRing,
  frames: number,
  endUs: number,
  { channels, steps, windowUs, maxGapUs, resampling }: StreamSettings,
): ResampledWindow {
  const values = new Float32Array(channels * steps);
  const spacing = windowUs / Math.max(1, steps - 1);
  const half = spacing / 2;
  let [observed, interpolated] = [0, 0];
  let gap: Gap | undefined;
  for (let channel = 0; channel < channels; channel++) {
    const known = (i: number): boolean => !Number.isNaN(ring.value(i, channel));
    // `left`: the last known frame at or before the step; `right`: the first known one at or after it.
    let [next, left, right] = [0, -1, 0];
    for (let step = 0; step < steps; step++) {
      const time = endUs - windowUs + step * spacing;
      for (; next < frames && ring.time(next) <= time; next++) if (known(next)) left = next;
      right = Math.max(right, next);
      while (right < frames && !known(right)) right += 1;
      const before = left < 0 ? Number.POSITIVE_INFINITY : time - ring.time(left);
      const after = right < frames ? ring.time(right) - time : Number.POSITIVE_INFINITY;
      const at = channel * steps + step;
      const mean = resampling === 'mean' ? meanAround(ring, frames, channel, time, half, next) : Number.NaN;
      if (!Number.isNaN(mean)) {
        values[at] = mean;
        observed += 1;
        continue;
      }
      const between = before + after;
      if (before === 0) values[at] = ring.value(left, channel);
      else if (between <= maxGapUs) {
        const [from, to] = [ring.value(left, channel), ring.value(right, channel)];
        values[at] = from + (to - from) * (before / between);
      } else if (between === Number.POSITIVE_INFINITY && Math.min(before, after) <= maxGapUs) {
        values[at] = ring.value(before < after ? left : right, channel);
      } else {
        values[at] = Number.NaN;
        // At an edge only one side of the gap is known.
        const us = Number.isFinite(between) ? between : Math.min(before, after);
        if (!gap || us > gap.us) gap = { channel, us };
        continue;
      }
      if (Math.min(before, after) <= half) observed += 1;
      else interpolated += 1;
    }
  }
  return { values, observed, interpolated, gap };
}

/** Mean of known values in `[time - half, time + half)`; NaN without any. `next` is the first frame after `time`. */
function meanAround(
  ring: FrameRing,
  frames: number,
  channel: number,
  time: number,
  half: number,
  next: number,
): number {
  let [sum, count] = [0, 0];
  const add = (i: number): void => {
    const value = ring.value(i, channel);
    if (Number.isNaN(value)) return;
    sum += value;
    count += 1;
  };
  for (let i = next - 1; i >= 0 && ring.time(i) >= time - half; i--) add(i);
  for (let i = next; i < frames && ring.time(i) < time + half; i++) add(i);
  return count === 0 ? Number.NaN : sum / count;
}
