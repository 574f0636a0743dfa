import * as tf from '@tensorflow/tfjs';

/** Adam's constants [22]; epsilon as TensorFlow and Keras add it, to the root of the raw second moment. */
export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** A flat parameter vector `[n]` and Adam's two moments of it, `[n]` each. */
export interface AdamState {
  readonly weights: tf.Tensor;
  readonly moment1: tf.Tensor;
  readonly moment2: tf.Tensor;
}

/** Name under which backends register a fused update: inputs as in `AdamState` and below, attributes `AdamSettings`. */
export const ADAM_UPDATE = 'AdamUpdate';

/** Tensors of an update, by the names of the kernel's inputs. */
export interface AdamInputs extends AdamState {
  readonly gradient: tf.Tensor;
  readonly rate: tf.Tensor;
}

/**
 * One update of the flat vector; `rate` is the corrected rate of `correctedRate`, a scalar tensor. One kernel where the
 * backend has one, else the chain of ops that defines it.
 */
export function adamUpdate(
  settings: AdamSettings,
  state: AdamState,
  gradient: tf.Tensor,
  rate: tf.Tensor,
): AdamState {
  const inputs: AdamInputs = { ...state, gradient, rate };
  if (!tf.getKernel(ADAM_UPDATE, tf.getBackend())) return composedUpdate(settings, inputs);
  const [weights, moment1, moment2] = tf
    .engine()
    .runKernel<tf.Tensor[]>(ADAM_UPDATE, { ...inputs }, { ...settings }) as [tf.Tensor, tf.Tensor, tf.Tensor];
  return { weights, moment1, moment2 };
}

/** m' = b1 m + (1 - b1) g; v' = b2 v + (1 - b2) g^2; w' = w - rate m' / (sqrt(v') + epsilon). */
function composedUpdate({ beta1, beta2, epsilon }: AdamSettings, inputs: AdamInputs): AdamState {
  const { gradient, rate } = inputs;
  const moment1 = tf.add(tf.mul(inputs.moment1, beta1), tf.mul(gradient, 1 - beta1));
  const moment2 = tf.add(tf.mul(inputs.moment2, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const weights = tf.sub(inputs.weights, tf.div(tf.mul(moment1, rate), tf.add(tf.sqrt(moment2), epsilon)));
  return { weights, moment1, moment2 };
}
