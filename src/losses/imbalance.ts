/** Losses of C for classes of unequal size: what the joint method is measured against. */
import { add, exp, logSoftmax, mul, neg, pow, sub, sum, type Tensor } from '../tensor/ops.ts';
import { type Loss, overWeights, smoothed, weightedClassLoss } from './terms.ts';

/** What C minimises: eq. 5, or one of the losses below. */
export type ClassifierLoss =
  | { readonly kind: 'cross_entropy' }
  | { readonly kind: 'focal'; readonly gamma: number }
  | { readonly kind: 'logit_adjusted' };

/** Keeps the slope of (1 - p)^gamma finite at p = 1 when gamma is below 1; one ulp of float32 at 1. */
const EPSILON = 2 ** -23;

/**
 * Focal loss (Lin et al., "Focal loss for dense object detection", ICCV 2017, eq. 4), with the softmax for several
 * classes: -sum_j t_j (1 - p_j)^gamma log p_j per row. Rows that C gets right count less; gamma 0 is cross-entropy.
 * Weights and smoothing as in `weightedClassLoss`.
 */
export function focalLoss(
  logits: Tensor,
  targets: Tensor,
  weights: Tensor,
  smoothing: number,
  gamma: number,
): Loss {
  const logProbabilities = logSoftmax(logits);
  const modulation = pow(sub(1 + EPSILON, exp(logProbabilities)), gamma);
  const terms = mul(smoothed(targets, smoothing), mul(modulation, logProbabilities));
  return overWeights(neg(sum(terms, -1)), weights);
}

/**
 * Logit-adjusted loss (Menon et al., "Long-tail learning via logit adjustment", ICLR 2021, eq. 10): cross-entropy of
 * s + offsets with offsets = tau log prior, `[classes]`. C then answers without them, and for balanced classes.
 */
export function logitAdjustedLoss(
  logits: Tensor,
  offsets: Tensor,
  targets: Tensor,
  weights: Tensor,
  smoothing: number,
): Loss {
  return weightedClassLoss(add(logits, offsets), targets, weights, smoothing);
}
