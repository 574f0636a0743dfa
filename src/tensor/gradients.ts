import type { Tensor } from '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs';
import type { Tensors } from './engine.ts';

/** A scalar to minimise, and other tensors worth returning from the same forward pass. */
export interface Objective {
  readonly loss: Tensor;
  readonly aux: Tensors;
}

/**
 * Runs `objective` on `parameters` and differentiates its loss by every one of them.
 * Gradients come in the order of `parameters`, each in its parameter's shape.
 */
export function valueAndGradients(
  parameters: readonly Tensor[],
  objective: (parameters: readonly Tensor[]) => Objective,
): Objective & { readonly gradients: readonly Tensor[] } {
  let aux: Tensors = {};
  const differentiate = tf.valueAndGrads((...args: Tensor[]) => {
    const result = objective(args);
    // The gradient tape disposes what the forward pass made, except its result and what is kept.
    aux = Object.fromEntries(
      Object.entries(result.aux).map(([name, tensor]) => [name, tf.keep(tensor.clone())]),
    );
    return result.loss.asScalar();
  });
  const { value, grads } = differentiate([...parameters]);
  return { loss: value, aux, gradients: grads };
}
