import { abs, add, div, mean, sub, type Tensor } from '../tensor/ops.ts';
import { type Loss, overBatch } from './terms.ts';

/** Keeps two equal rows from dividing by zero; the value of the authors' code. */
const EPSILON = 1e-5;

/**
 * Mode-seeking regularisation (Mao et al., "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis", CVPR 2019)
 * in the form that is minimised: for two latent vectors of one class, mean |z1 - z2| over mean |G(z1, c) - G(z2, c)|, per row. A
 * G that ignores z makes it large. `z` `[batch, latent]` twice, `x` `[batch, channels, steps, 1]` twice.
 */
export function modeSeekingLoss(z1: Tensor, z2: Tensor, x1: Tensor, x2: Tensor): Loss {
  const distance = (a: Tensor, b: Tensor): Tensor =>
    mean(
      abs(sub(a, b)),
      a.shape.slice(1).map((_, axis) => axis + 1),
    );
  const spread = div(distance(x1, x2), distance(z1, z2));
  return overBatch(div(1, add(spread, EPSILON)));
}
