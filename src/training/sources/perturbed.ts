import { fillNormal, integerAt, randomKey } from '../../random.ts';
import { type RowSource, rowOf, type SourceRows } from './row-source.ts';
import { at, warpPath } from './time-warp.ts';

/** Standard deviations, in the units of scaled rows; 0 leaves a perturbation out. */
export interface Magnitudes {
  /** Of the noise added to every value. */
  readonly jitter: number;
  /** Of the factor of every channel, around 1. */
  readonly scale: number;
  /** Of the speed of time, around 1. */
  readonly warp: number;
}

/**
 * Training rows, drawn at random and perturbed (Um et al., "Data augmentation of wearable sensor data for Parkinson's
 * disease monitoring using convolutional neural networks", ICMI 2017): time-warp, then a factor per channel, then
 * jitter, kept within [-1, 1]. All channels of a row are warped alike: what happens at one moment stays together.
 */
export function perturbedRows(
  rows: SourceRows,
  steps: number,
  magnitudes: Magnitudes,
  seed: number,
): RowSource {
  const channels = rows.size / steps;
  const factors = new Float32Array(channels);
  const noise = new Float32Array(rows.size);
  return {
    draw: (iteration, classes, out) => {
      const key = randomKey(seed, 'perturbed/row', iteration);
      classes.forEach((label, slot) => {
        const candidates = rows.byClass[label]!;
        const row = rowOf(rows, candidates[integerAt(key, slot, candidates.length)]!);
        const path = warpPath(randomKey(seed, 'perturbed/warp', iteration, slot), steps, magnitudes.warp);
        fillNormal(randomKey(seed, 'perturbed/scale', iteration, slot), factors);
        fillNormal(randomKey(seed, 'perturbed/jitter', iteration, slot), noise);
        for (let i = 0; i < rows.size; i++) {
          const channel = Math.floor(i / steps);
          const warped = at(row, channel * steps, steps, path[i % steps]!);
          const value = warped * (1 + magnitudes.scale * factors[channel]!) + magnitudes.jitter * noise[i]!;
          out[slot * rows.size + i] = Math.min(1, Math.max(-1, value));
        }
      });
    },
  };
}
