import { add, clipByValue, div, exp, mul, reshape, sub, sum, type Tensor } from '../tensor/ops.ts';

/** A row counts at most this many times as much, or as little, as the geometric mean of its class in the batch. */
export const RATIO_LIMIT = 10;

/** Keeps a class without rows from dividing by zero; one part in 10^8 of a class with one. */
const EPSILON = 1e-8;

/**
 * Weights of generated rows by how much denser real rows lie there: D / (1 - D) = exp of D_src's logit, which is the
 * ratio of the densities where D is optimal (Goodfellow et al., NeurIPS 2014, proposition 1; Sugiyama et al., "Density
 * ratio estimation in machine learning", 2012). A D that knows all of G's rows makes all ratios tiny, so they are
 * taken relative to each other (as Azadi et al., "Discriminator rejection sampling", ICLR 2019, shift the logits), within
 * a class, and limited either way; then the weights of every class get back the sum they had. `source` `[rows, 1]`,
 * `labels` `[rows, classes]` one-hot, `weights` `[rows]` before, 0 for rows that only fill the shape; to `[rows]`.
 */
export function densityRatioWeights(source: Tensor, labels: Tensor, weights: Tensor): Tensor {
  const before = mul(labels, reshape(weights, [-1, 1]));
  const byClass = (rows: Tensor): Tensor => add(sum(rows, 0, true), EPSILON);
  const ofRow = (classes: Tensor): Tensor => sum(mul(labels, classes), 1, true);
  const total = byClass(before);
  const centred = sub(source, ofRow(div(sum(mul(before, source), 0, true), total)));
  const limit = Math.log(RATIO_LIMIT);
  const ratios = mul(before, exp(clipByValue(centred, -limit, limit)));
  return sum(mul(ratios, div(total, byClass(ratios))), 1);
}
