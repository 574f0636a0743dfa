import { fillNormal, type RandomKey } from '../../random.ts';

/** Speeds that are drawn between the first and the last step. */
const KNOTS = 4;
/** Time never stands still or runs back. */
const LEAST_SPEED = 0.1;

/**
 * Where every step of a warped row looks in the row it is made from, `[steps]`: from 0 to steps - 1, never falling.
 * Speeds N(1, sigma) at evenly spaced knots, linear between them, where Um et al. fit a spline, are summed and brought to
 * the whole length. Sigma 0 gives 0, 1, 2, ...
 */
export function warpPath(key: RandomKey, steps: number, sigma: number): Float64Array {
  const normals = fillNormal(key, new Float32Array(KNOTS + 2));
  const speeds = Float64Array.from(normals, (normal) => Math.max(LEAST_SPEED, 1 + sigma * normal));
  const path = new Float64Array(steps);
  const last = steps - 1;
  const speedAt = (step: number): number => at(speeds, 0, speeds.length, (step / last) * (KNOTS + 1));
  for (let step = 1; step < steps; step++) {
    path[step] = path[step - 1]! + (speedAt(step - 1) + speedAt(step)) / 2;
  }
  const length = path[last]!;
  return path.map((position) => (length > 0 ? Math.min(last, position * (last / length)) : 0));
}

/** The value at a position between 0 and `length - 1` of the stretch of `values` that begins at `start`, by linear interpolation. */
export function at(
  values: Float32Array | Float64Array,
  start: number,
  length: number,
  position: number,
): number {
  const before = Math.min(Math.floor(position), Math.max(0, length - 2));
  const after = Math.min(before + 1, length - 1);
  const left = values[start + before]!;
  return left + (position - before) * (values[start + after]! - left);
}
