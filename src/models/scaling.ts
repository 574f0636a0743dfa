import { add, clipByValue, mul, reshape, sub, type Tensor, tensor } from '../tensor/ops.ts';

/** Per-channel limits, `[channels]` each; `low` is -1 and `high` is 1 to the networks. */
export interface Limits {
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

function column(values: readonly number[]): Tensor {
  return tensor(Float32Array.from(values), [1, values.length, 1, 1]);
}

/** `[batch, channels, steps, 1]` in original units to [-1, 1], clipped at the limits. */
export function toScaled(limits: Limits, x: Tensor): Tensor {
  const low = Array.from(limits.low);
  const span = Array.from(limits.high, (high, c) => high - low[c]!);
  const unit = mul(sub(x, column(low)), column(span.map((width) => 2 / width)));
  return clipByValue(sub(unit, 1), -1, 1);
}

/** `[batch, channels, steps, 1]` in [-1, 1] to original units. */
export function toOriginal(limits: Limits, x: Tensor): Tensor {
  const low = Array.from(limits.low);
  const half = Array.from(limits.high, (high, c) => (high - low[c]!) / 2);
  return add(mul(add(x, 1), column(half)), column(low));
}

/** Adds the last axis that the networks expect. */
export function asImage(x: Tensor): Tensor {
  return reshape(x, [...x.shape, 1]);
}
