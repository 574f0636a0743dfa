/** Three convolutions over channels and steps, then global average pooling (paper, section 2.1). */
import { mean } from '../../tensor/ops.ts';
import { type ConvolutionSpec, convolutions, convolve, strided } from '../layers.ts';
import type { ModelSpec } from '../spec.ts';
import type { ClassifierForm } from './form.ts';

const FEATURES = 128;

/** Kernels 3x7, 3x5, 3x3 with strides (1,2), (2,2), (2,2); with `all`, a kernel is as tall as its input. */
function layersOf(spec: ModelSpec): ConvolutionSpec[] {
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

export const PAPER: ClassifierForm = {
  layout: (spec) => convolutions(layersOf(spec), 1),
  width: () => FEATURES,
  features: (spec, weights, x) =>
    mean(
      layersOf(spec).reduce((input, layer) => convolve(weights, layer, input), x),
      [1, 2],
    ),
};
