/** Floating-point operations of the matrix products of each step, from the networks' geometry: the work nobody can leave out. */
import { strided } from '../../src/models/layers.ts';
import { layoutOf, type NetworkName } from '../../src/models/networks.ts';
import { sizeOf } from '../../src/tensor/engine.ts';
import type { Shape, Work } from '../contenders/protocol.ts';
import { specOfShape } from './shapes.ts';

/** Strides of the three convolutions. */
const STRIDES: Readonly<Record<NetworkName, readonly (readonly [number, number])[]>> = {
  generator: [
    [2, 1],
    [2, 1],
    [1, 1],
  ],
  discriminator: [
    [1, 2],
    [2, 2],
    [2, 2],
  ],
  classifier: [
    [1, 2],
    [2, 2],
    [2, 2],
  ],
};

interface Layer {
  /** Of the product of one row: every kernel element meets every output position once, a multiplication and an addition. */
  readonly flops: number;
  /** Whether a gradient of its input is of use to a network's own training: not of the first layer. */
  readonly first: boolean;
}

function layersOf(network: NetworkName, shape: Shape): Layer[] {
  const spec = specOfShape(shape);
  let [height, width] = network === 'generator' ? [spec.latentSize, 1] : [spec.channels, spec.steps];
  let convolutions = 0;
  return layoutOf(network, spec)
    .filter(({ name }) => name.endsWith('/kernel'))
    .map(({ name, shape: kernel }) => {
      const first = convolutions === 0;
      if (!name.startsWith('conv')) return { flops: 2 * sizeOf(kernel), first: name === 'embedding/kernel' };
      const [down, across] = STRIDES[network][convolutions++]!;
      height = strided(height, down);
      width = strided(width, across);
      // G's first convolution needs its input's gradient: the embedding lies before it.
      return { flops: 2 * sizeOf(kernel) * height * width, first: first && network !== 'generator' };
    });
}

/** Operations per row of a forward pass, of the gradients of the weights, and of the inputs within and without the first layer. */
function passes(network: NetworkName, shape: Shape): { forward: number; inner: number } {
  const layers = layersOf(network, shape);
  const total = (chosen: readonly Layer[]): number => chosen.reduce((sum, { flops }) => sum + flops, 0);
  return { forward: total(layers), inner: total(layers.filter(({ first }) => !first)) };
}

/** Operations of one run of a work; `rows` of forward and sample. */
export function flopsOf(work: Work, shape: Shape, rows: number): number {
  const { batch, capacity } = shape;
  const g = passes('generator', shape);
  const d = passes('discriminator', shape);
  const c = passes('classifier', shape);
  // Forward, gradients of the weights, gradients of what lies between layers.
  const trained = ({ forward, inner }: typeof g): number => 2 * forward + inner;
  // Forward, and gradients down to the input: as many operations again.
  const passed = ({ forward }: typeof g): number => 2 * forward;
  switch (work) {
    case 'classifier-step':
      return batch * trained(c);
    case 'discriminator-step':
      return batch * g.forward + 2 * batch * trained(d);
    case 'generator-step':
      return batch * (trained(g) + passed(d) + passed(c));
    case 'joint-iteration':
      return (
        flopsOf('discriminator-step', shape, rows) +
        flopsOf('generator-step', shape, rows) +
        capacity * g.forward +
        (batch + capacity) * trained(c)
      );
    case 'forward':
      return rows * c.forward;
    case 'sample':
      return rows * g.forward;
  }
}
