/** D: three convolutions with dropout, then two dense heads, D_src and D_cls (paper, section 2.1). About 190 k. */
import type { Shape } from '../tensor/engine.ts';
import { reshape, type Tensor } from '../tensor/ops.ts';
import { affine, type ConvolutionSpec, convolve, drop, strided } from './layers.ts';
import { convolution, dense, type Layout, type Weights } from './parameters.ts';
import type { ModelSpec } from './spec.ts';

const CONVOLUTIONS: readonly ConvolutionSpec[] = [
  { name: 'conv1', kernel: [3, 5], strides: [1, 2], outputs: 32 },
  { name: 'conv2', kernel: [3, 5], strides: [2, 2], outputs: 64 },
  { name: 'conv3', kernel: [3, 5], strides: [2, 2], outputs: 128 },
];

/** `[height, width, channels]` after every convolution. */
function shapes(spec: ModelSpec): readonly (readonly [number, number, number])[] {
  let [height, width] = [spec.channels, spec.steps];
  return CONVOLUTIONS.map(({ strides, outputs }) => {
    height = strided(height, strides[0]);
    width = strided(width, strides[1]);
    return [height, width, outputs] as const;
  });
}

function flatSize(spec: ModelSpec): number {
  const [height, width, channels] = shapes(spec).at(-1)!;
  return height * width * channels;
}

export function discriminatorLayout(spec: ModelSpec): Layout {
  let inputs = 1;
  const layers = CONVOLUTIONS.flatMap(({ name, kernel: [height, width], outputs }) => {
    const layer = convolution(name, height, width, inputs, outputs);
    inputs = outputs;
    return layer;
  });
  return [...layers, ...dense('source', flatSize(spec), 1), ...dense('class', flatSize(spec), spec.classes)];
}

/** Shapes of D's dropout masks, one after every convolution. */
export function discriminatorMasks(spec: ModelSpec, batch: number): readonly Shape[] {
  return shapes(spec).map((shape) => [batch, ...shape]);
}

/** D's two answers, as logits. */
export interface Discrimination {
  /** D_src before the sigmoid, `[batch, 1]`. */
  readonly source: Tensor;
  /** D_cls before the softmax, `[batch, classes]`. */
  readonly classes: Tensor;
}

/** `[batch, channels, steps, 1]` in [-1, 1] to logits. */
export function discriminate(
  spec: ModelSpec,
  weights: Weights,
  x: Tensor,
  masks?: readonly Tensor[],
): Discrimination {
  const activation = CONVOLUTIONS.reduce(
    (input, layer, i) => drop(convolve(weights, layer, input), masks?.[i]),
    x,
  );
  const flat = reshape(activation, [x.shape[0]!, flatSize(spec)]);
  return { source: affine(weights, 'source', flat), classes: affine(weights, 'class', flat) };
}
