import {
  add,
  conv2d,
  conv2dTranspose,
  leakyRelu,
  matMul,
  mul,
  type Tensor,
  type Tensor4D,
} from '../tensor/ops.ts';
import { convolution, type Layout, type Weights } from './parameters.ts';

/** Slope of every LeakyReLU for negative inputs. */
export const LEAK = 0.2;

/** A convolution's sizes; padding is always `same`, so an axis shrinks to ceil(size / stride) and never vanishes. */
export interface ConvolutionSpec {
  readonly name: string;
  readonly kernel: readonly [height: number, width: number];
  readonly strides: readonly [height: number, width: number];
  readonly outputs: number;
}

/** `same`-padded size along an axis. */
export const strided = (size: number, stride: number): number => Math.ceil(size / stride);

/** Kernels and biases of convolutions that follow one another. */
export function convolutions(layers: readonly ConvolutionSpec[], inputs: number): Layout {
  return layers.flatMap(({ name, kernel: [height, width], outputs }, i) =>
    convolution(name, height, width, layers[i - 1]?.outputs ?? inputs, outputs),
  );
}

/** LeakyReLU(x * kernel + bias). `[batch, height, width, inputs]` to `[batch, ceil(h/sh), ceil(w/sw), outputs]` */
export function convolve(weights: Weights, { name, strides }: ConvolutionSpec, x: Tensor): Tensor {
  return leakyRelu(convolveLinear(weights, { name, strides }, x), LEAK);
}

/** As `convolve`, without the activation. */
export function convolveLinear(
  weights: Weights,
  { name, strides }: Pick<ConvolutionSpec, 'name' | 'strides'>,
  x: Tensor,
): Tensor {
  const kernel = weights[`${name}/kernel`] as Tensor4D;
  return add(conv2d(x as Tensor4D, kernel, [...strides], 'same'), weights[`${name}/bias`]!);
}

/** x * kernel transposed + bias, without activation, to exactly `[batch, height, width, outputs]`. */
export function convolveTransposed(
  weights: Weights,
  name: string,
  x: Tensor,
  strides: readonly [number, number],
  [height, width, outputs]: readonly [number, number, number],
): Tensor {
  const shape: [number, number, number, number] = [x.shape[0]!, height, width, outputs];
  const product = conv2dTranspose(
    x as never,
    weights[`${name}/kernel`] as never,
    shape,
    [...strides],
    'same',
  );
  return add(product, weights[`${name}/bias`]!);
}

/** x W + b. `[batch, inputs]` to `[batch, outputs]` */
export function affine(weights: Weights, name: string, x: Tensor): Tensor {
  return add(matMul(x, weights[`${name}/kernel`]!), weights[`${name}/bias`]!);
}

/** Inverted dropout with a given mask of 0 and 1 / keep; without a mask, nothing. */
export function drop(x: Tensor, mask: Tensor | undefined): Tensor {
  return mask ? mul(x, mask) : x;
}
