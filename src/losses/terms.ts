/**
 * The six loss terms. Each is a pure function to `{ sum, mean }` scalars: steps minimise the one that the run's
 * `reduction` names, and report means, so that figures can be compared across batch sizes.
 */
import {
  add,
  div,
  logSoftmax,
  mean,
  mul,
  neg,
  relu,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '../tensor/ops.ts';

/** A loss over a batch. */
export interface Loss {
  /** Summed over the batch, as the paper prints it. */
  readonly sum: Tensor;
  /** Its mean per row. */
  readonly mean: Tensor;
}

export type Reduction = keyof Loss;

/** From the loss of every row, `[batch]` or `[batch, 1]`. */
export function overBatch(rows: Tensor): Loss {
  return { sum: sum(rows), mean: mean(rows) };
}

/** -t log sigmoid(s) - (1 - t) log(1 - sigmoid(s)) per row, from logits s: softplus(s) - t s, stable at any s. */
export function sourceLoss(source: Tensor, target: number): Loss {
  return overBatch(sub(softplus(source), mul(source, target)));
}

/** -sum_j t_j log softmax(s)_j per row; `targets` `[batch, classes]`, one-hot or soft. */
function crossEntropyRows(logits: Tensor, targets: Tensor): Tensor {
  return neg(sum(mul(targets, logSoftmax(logits)), -1));
}

/** Eq. 1: D on real rows (target `realTarget`: one-sided smoothing) and on synthetic rows (target 0). */
export function discriminatorLoss(realSource: Tensor, fakeSource: Tensor, realTarget: number): Loss {
  const real = sourceLoss(realSource, realTarget);
  const fake = sourceLoss(fakeSource, 0);
  return { sum: add(real.sum, fake.sum), mean: add(real.mean, fake.mean) };
}

/** Eq. 2: G makes D take its rows for real. Gradients pass through a fixed D. */
export function adversarialLoss(fakeSource: Tensor): Loss {
  return sourceLoss(fakeSource, 1);
}

/** Eq. 3 with D_cls, and the same form for L_opt's gradient into G with C (eq. 5). */
export function classLoss(logits: Tensor, targets: Tensor): Loss {
  return overBatch(crossEntropyRows(logits, targets));
}

/**
 * Eq. 5 for C's own update, with a weight per row: 0 for rows that only fill the fixed batch shape. The mean is over
 * the weights. `smoothing` e replaces targets y by (1 - e) y + e / classes [14].
 */
export function weightedClassLoss(logits: Tensor, targets: Tensor, weights: Tensor, smoothing: number): Loss {
  return overWeights(crossEntropyRows(logits, smoothed(targets, smoothing)), weights);
}

/** (1 - e) y + e / classes; `targets` `[batch, classes]`. */
export function smoothed(targets: Tensor, smoothing: number): Tensor {
  const classes = targets.shape.at(-1)!;
  return smoothing === 0 ? targets : add(mul(targets, 1 - smoothing), smoothing / classes);
}

/** From the loss and the weight of every row, `[batch]` each; the mean is over the weights. */
export function overWeights(rows: Tensor, weights: Tensor): Loss {
  const total = sum(mul(rows, weights));
  return { sum: total, mean: div(total, sum(weights)) };
}

/** Keeps a channel that does not vary from dividing by zero. */
const EPSILON = 1e-8;

/**
 * Pearson correlation of every pair of rows over all values, both standardised per channel first, so that no channel's
 * scale dominates. `[batch, channels, steps, 1]` twice, to `[batch]`.
 */
export function rowCorrelation(a: Tensor, b: Tensor): Tensor {
  const standardised = (x: Tensor): Tensor => {
    const centred = sub(x, mean(x, 2, true));
    return div(centred, sqrt(add(mean(square(centred), 2, true), EPSILON)));
  };
  const [left, right] = [standardised(a), standardised(b)];
  // Rows are centred per channel, hence centred as a whole: the covariance is the mean product.
  const covariance = mean(mul(left, right), [1, 2, 3]);
  const spread = sqrt(mul(mean(square(left), [1, 2, 3]), mean(square(right), [1, 2, 3])));
  return div(covariance, add(spread, EPSILON));
}

/**
 * Eq. 4: mean over the batch of max(0, target - r(G(z_i, y_i), x_i)), a value that is not summed in the paper either.
 * With target 1 (as printed) this is 1 - mean r; `targets` `[batch]` of running real-real correlations removes the
 * reward for collapsing to the class mean.
 */
export function correlationLoss(correlation: Tensor, targets: Tensor): Tensor {
  return mean(relu(sub(targets, correlation)));
}
