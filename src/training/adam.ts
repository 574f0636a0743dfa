import type { AdamSettings } from '../tensor/adam-update.ts';

const BETA2 = 0.999;
const EPSILON = 1e-7;

/** G and D forget the direction sooner (beta1 0.5), as is usual for adversarial training [12]. */
export const ADVERSARIAL_ADAM: AdamSettings = { beta1: 0.5, beta2: BETA2, epsilon: EPSILON };
export const CLASSIFIER_ADAM: AdamSettings = { beta1: 0.9, beta2: BETA2, epsilon: EPSILON };

/** alpha_t = alpha sqrt(1 - beta2^t) / (1 - beta1^t) for the t-th update, t from 1. */
export function correctedRate(settings: AdamSettings, rate: number, update: number): number {
  return (rate * Math.sqrt(1 - settings.beta2 ** update)) / (1 - settings.beta1 ** update);
}
