import { add, mul, scalar, type Tensor } from '../tensor/ops.ts';
import type { Loss, Reduction } from './terms.ts';

/** The terms of the generator's objective. */
export interface JointTerms {
  readonly adversarial: Loss;
  readonly classification: Loss;
  /** One value per batch (eq. 4 prints a mean). */
  readonly correlation: Tensor;
  readonly joint: Loss;
}

export type JointTermName = keyof JointTerms;

/** Weight of every term; 0 leaves a term out (Table 2). */
export type JointWeights = Readonly<Record<JointTermName, number>>;

/** Eq. 6: L = L_G + lambda1 L_cls + lambda2 L_corr + lambda3 L_opt. Terms of weight 0 take no part. */
export function jointLoss(terms: JointTerms, weights: JointWeights, reduction: Reduction): Tensor {
  const parts: readonly (readonly [number, Tensor])[] = [
    [weights.adversarial, terms.adversarial[reduction]],
    [weights.classification, terms.classification[reduction]],
    [weights.correlation, terms.correlation],
    [weights.joint, terms.joint[reduction]],
  ];
  return parts
    .filter(([weight]) => weight !== 0)
    .reduce((total, [weight, term]) => add(total, mul(term, weight)), scalar(0) as Tensor);
}
