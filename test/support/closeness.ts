/** How far engines may be apart, and why. Seen figures are of onnxruntime and TensorFlow on a CPU. */
import { expect } from 'vitest';
import type { Arrays } from '../../src/tensor/engine.ts';

/**
 * Losses are means and sums of float32 in another order of summation, seen some 1e-6 apart, relative to the larger of
 * the value and 1.
 */
const LOSS_TOLERANCE = 1e-4;

/**
 * Adam divides by the root of the second moment, so a weight whose gradient is all rounding error may move by up to a
 * rate in another direction: worst by rates, seen 0.1. Such weights are few: on average, relative to the largest
 * weight, seen 3e-7.
 */
const WEIGHT_TOLERANCE = { worstByRates: 1, mean: 5e-6 } as const;

/**
 * Moments are averages of gradients and of their squares, relative to the largest. `alone`: one network trained, the
 * others as they were; seen 2e-5 (TensorFlow's Adam forms 1 - beta2 in float32, 1.3e-5 off). `joint`: networks trained
 * in turn; an activation within rounding of LeakyReLU's kink may take the other slope, which moves single elements of
 * a small batch's gradient by per cents (seen 2.5e-2) and the average by next to nothing (seen 2e-5).
 */
const MOMENT_TOLERANCE = { alone: { worst: 2e-4, mean: 1e-6 }, joint: { worst: 1e-1, mean: 2e-4 } } as const;

export function expectLossesClose(
  found: Readonly<Record<string, number>>,
  wanted: Readonly<Record<string, number>>,
  where: string,
): void {
  expect(Object.keys(found).sort(), where).toEqual(Object.keys(wanted).sort());
  for (const [term, want] of Object.entries(wanted)) {
    const apart = Math.abs(found[term]! - want) / Math.max(1, Math.abs(want));
    expect(apart, `${where}: ${term}`).toBeLessThan(LOSS_TOLERANCE);
  }
}

/** Every weight and moment of a state, by the tolerances above; `rate` is the learning rate of all networks. */
export function expectStateClose(
  found: Arrays,
  wanted: Arrays,
  rate: number,
  networks: keyof typeof MOMENT_TOLERANCE,
): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, want] of Object.entries(wanted)) {
    const got = found[name]!;
    expect(got.length, name).toBe(want.length);
    let [scale, worst, total] = [0, 0, 0];
    want.forEach((value, i) => {
      const apart = Math.abs(value - got[i]!);
      scale = Math.max(scale, Math.abs(value));
      worst = Math.max(worst, apart);
      total += apart;
    });
    const moment = /moment/.test(name) ? MOMENT_TOLERANCE[networks] : undefined;
    const allowed = moment ? moment.worst * scale : WEIGHT_TOLERANCE.worstByRates * rate;
    expect(worst, name).toBeLessThan(allowed);
    const mean = moment?.mean ?? WEIGHT_TOLERANCE.mean;
    expect(total / want.length / scale, `${name}, on average`).toBeLessThan(mean);
  }
}
