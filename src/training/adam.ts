import { add, div, mul, sqrt, square, sub, type Tensor } from '../tensor/ops.ts';

/** Adam's constants [22]; epsilon as TensorFlow and Keras add it, to the root of the raw second moment. */
export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

const BETA2 = 0.999;
const EPSILON = 1e-7;

/** G and D forget the direction sooner (beta1 0.5), as is usual for adversarial training [12]. */
export const ADVERSARIAL_ADAM: AdamSettings = { beta1: 0.5, beta2: BETA2, epsilon: EPSILON };
export const CLASSIFIER_ADAM: AdamSettings = { beta1: 0.9, beta2: BETA2, epsilon: EPSILON };

/** A network's flat parameters and Adam's two moments of them. */
export interface AdamState {
  readonly weights: Tensor;
  readonly moment1: Tensor;
  readonly moment2: Tensor;
}

/** One update of the flat vector; `rate` is the corrected rate of `correctedRate`, a scalar tensor. */
export function adam(settings: AdamSettings, state: AdamState, gradient: Tensor, rate: Tensor): AdamState {
  const { beta1, beta2, epsilon } = settings;
  const moment1 = add(mul(state.moment1, beta1), mul(gradient, 1 - beta1));
  const moment2 = add(mul(state.moment2, beta2), mul(square(gradient), 1 - beta2));
  const weights = sub(state.weights, div(mul(moment1, rate), add(sqrt(moment2), epsilon)));
  return { weights, moment1, moment2 };
}

/** alpha_t = alpha sqrt(1 - beta2^t) / (1 - beta1^t) for the t-th update, t from 1. */
export function correctedRate(settings: AdamSettings, rate: number, update: number): number {
  return (rate * Math.sqrt(1 - settings.beta2 ** update)) / (1 - settings.beta1 ** update);
}
