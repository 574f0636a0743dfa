/**
 * G for sequences: a dense layer makes a quarter of the steps, two transposed convolutions along time double them, a last
 * convolution turns features into channels. Channels are features, not places, so their order means nothing; any number of
 * steps. About 377 k parameters at 18 x 100, a quarter of the paper's G.
 */
import { concat, leakyRelu, reshape, type Tensor, tanh, transpose } from '../tensor/ops.ts';
import { affine, convolveLinear, convolveTransposed, LEAK, strided } from './layers.ts';
import { convolution, dense, type Layout, type Weights } from './parameters.ts';
import type { ModelSpec } from './spec.ts';

/** Features of each stage. */
const FEATURES = [128, 64, 32] as const;

/** A multiple of the stride, so that every step is made from as many products (Odena et al., Distill 2016). */
const UP_KERNEL = 4;
const LAST_KERNEL = 5;

/** Steps of each stage; each is half of the next, rounded up. */
function stageSteps({ steps }: ModelSpec): readonly [number, number, number] {
  const half = strided(steps, 2);
  return [strided(half, 2), half, steps];
}

export function temporalLayout(spec: ModelSpec): Layout {
  const [first, second, third] = FEATURES;
  // Kernels of transposed convolutions are [height, width, outputs, inputs].
  return [
    ...dense('dense', spec.latentSize + spec.classes, stageSteps(spec)[0] * first),
    { name: 'up1/kernel', shape: [1, UP_KERNEL, second, first] },
    { name: 'up1/bias', shape: [second] },
    { name: 'up2/kernel', shape: [1, UP_KERNEL, third, second] },
    { name: 'up2/bias', shape: [third] },
    ...convolution('last', 1, LAST_KERNEL, third, spec.channels),
  ];
}

/** z `[batch, latent]` and class weights `[batch, classes]` to `[batch, channels, steps, 1]` in [-1, 1]. */
export function generateTemporal(spec: ModelSpec, weights: Weights, z: Tensor, classes: Tensor): Tensor {
  const [quarter, half, all] = stageSteps(spec);
  const seed = leakyRelu(affine(weights, 'dense', concat([z, classes], 1)), LEAK);
  const start = reshape(seed, [z.shape[0]!, 1, quarter, FEATURES[0]]);
  const up1 = leakyRelu(convolveTransposed(weights, 'up1', start, [1, 2], [1, half, FEATURES[1]]), LEAK);
  const up2 = leakyRelu(convolveTransposed(weights, 'up2', up1, [1, 2], [1, all, FEATURES[2]]), LEAK);
  const channelsLast = tanh(convolveLinear(weights, { name: 'last', strides: [1, 1] }, up2));
  return transpose(channelsLast, [0, 3, 2, 1]);
}
