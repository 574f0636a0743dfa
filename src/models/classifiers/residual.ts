/**
 * Residual convolutions along the steps [He et al. 2016; for time series Wang, Yan and Oates 2017], then global average
 * pooling. The first convolution spans all channels, so their order does not matter. No normalisation: batches are small,
 * and two blocks train without. About 120 k parameters and a third of the operations of the paper's C at 18 x 100.
 */
import { add, leakyRelu, mean, type Tensor } from '../../tensor/ops.ts';
import { type ConvolutionSpec, convolutions, convolve, convolveLinear, LEAK } from '../layers.ts';
import type { Layout, Weights } from '../parameters.ts';
import type { ModelSpec } from '../spec.ts';
import type { ClassifierForm } from './form.ts';

/** All channels become one row of `[batch, 1, steps, 32]`. */
const stemOf = ({ channels }: ModelSpec): ConvolutionSpec => ({
  name: 'stem',
  kernel: [channels, 7],
  strides: [channels, 1],
  outputs: 32,
});

interface Block {
  /** Halves the steps, then keeps them. */
  readonly branch: readonly [ConvolutionSpec, ConvolutionSpec];
  /** A projection, as size and width change. */
  readonly shortcut: ConvolutionSpec;
}

function block(name: string, width: number, outputs: number): Block {
  const along = (part: string, kernel: number, stride: number): ConvolutionSpec => ({
    name: `${name}/${part}`,
    kernel: [1, kernel],
    strides: [1, stride],
    outputs,
  });
  return { branch: [along('conv1', width, 2), along('conv2', width, 1)], shortcut: along('shortcut', 1, 2) };
}

const FEATURES = 128;
const BLOCKS: readonly Block[] = [block('block1', 5, 64), block('block2', 3, FEATURES)];

function layoutOf(spec: ModelSpec): Layout {
  const stem = stemOf(spec);
  let inputs = stem.outputs;
  const blocks = BLOCKS.flatMap(({ branch, shortcut }) => {
    const layers = [...convolutions(branch, inputs), ...convolutions([shortcut], inputs)];
    inputs = shortcut.outputs;
    return layers;
  });
  return [...convolutions([stem], 1), ...blocks];
}

/** `[batch, 1, steps, inputs]` to `[batch, 1, ceil(steps / 2), outputs]` */
function applyBlock(weights: Weights, { branch: [first, second], shortcut }: Block, x: Tensor): Tensor {
  const change = convolveLinear(weights, second, convolve(weights, first, x));
  return leakyRelu(add(convolveLinear(weights, shortcut, x), change), LEAK);
}

export const RESIDUAL: ClassifierForm = {
  layout: layoutOf,
  width: () => FEATURES,
  features: (spec, weights, x) => {
    const steps = convolve(weights, stemOf(spec), x);
    return mean(
      BLOCKS.reduce((input, next) => applyBlock(weights, next, input), steps),
      [1, 2],
    );
  },
};
