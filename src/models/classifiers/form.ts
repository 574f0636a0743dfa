import type { Tensor } from '../../tensor/ops.ts';
import type { Layout, Weights } from '../parameters.ts';
import type { ModelSpec } from '../spec.ts';

/** One form of C, up to its penultimate layer; dropout and the last dense layer are the same for all. */
export interface ClassifierForm {
  /** Parameters of the layers, without the last. */
  layout(spec: ModelSpec): Layout;
  /** Width of the penultimate layer. */
  width(spec: ModelSpec): number;
  /** `[batch, channels, steps, 1]` in [-1, 1] to `[batch, width]`. */
  features(spec: ModelSpec, weights: Weights, x: Tensor): Tensor;
}
