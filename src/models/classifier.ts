/** C: three convolutions, global average pooling, dropout, dense (paper, section 2.1). About 106 k parameters. */
import type { Shape } from '../tensor/engine.ts';
import { mean, type Tensor } from '../tensor/ops.ts';
import { affine, type ConvolutionSpec, convolve, drop, strided } from './layers.ts';
import { convolution, dense, type Layout, type Weights } from './parameters.ts';
import type { ModelSpec } from './spec.ts';

const FEATURES = 128;

/** Kernels 3x7, 3x5, 3x3 with strides (1,2), (2,2), (2,2); with `all`, a kernel is as tall as its input. */
function convolutions(spec: ModelSpec): ConvolutionSpec[] {
  let height = spec.channels;
  return (
    [
      { name: 'conv1', width: 7, strides: [1, 2], outputs: 32 },
      { name: 'conv2', width: 5, strides: [2, 2], outputs: 64 },
      { name: 'conv3', width: 3, strides: [2, 2], outputs: FEATURES },
    ] as const
  ).map(({ name, width, strides, outputs }) => {
    const kernel = [spec.kernelHeight === 'all' ? height : 3, width] as const;
    height = strided(height, strides[0]);
    return { name, kernel, strides, outputs };
  });
}

export function classifierLayout(spec: ModelSpec): Layout {
  let inputs = 1;
  const layers = convolutions(spec).flatMap(({ name, kernel: [height, width], outputs }) => {
    const layer = convolution(name, height, width, inputs, outputs);
    inputs = outputs;
    return layer;
  });
  return [...layers, ...dense('dense', FEATURES, spec.classes)];
}

/** Shape of C's dropout mask. */
export const classifierMask = (batch: number): Shape => [batch, FEATURES];

/** The penultimate layer: `[batch, channels, steps, 1]` in [-1, 1] to `[batch, 128]`. */
export function classifierFeatures(spec: ModelSpec, weights: Weights, x: Tensor): Tensor {
  const activation = convolutions(spec).reduce((input, layer) => convolve(weights, layer, input), x);
  return mean(activation, [1, 2]);
}

/** Logits `[batch, classes]` from `[batch, channels, steps, 1]` in [-1, 1]; the softmax is in the loss. */
export function classifierLogits(spec: ModelSpec, weights: Weights, x: Tensor, mask?: Tensor): Tensor {
  return affine(weights, 'dense', drop(classifierFeatures(spec, weights, x), mask));
}
