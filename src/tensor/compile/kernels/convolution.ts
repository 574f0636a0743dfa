/** Convolutions and their gradients: what they compute. How is one of the lowerings beside this file. */
import type { Shape } from '../../engine.ts';
import type { Emitter } from '../emitter.ts';
import type { Node } from '../graph.ts';
import { GATHERED } from './convolution-gathered.ts';
import { geometryOf } from './convolution-geometry.ts';
import type { ConvolutionLowering } from './convolution-lowering.ts';
import { NAIVE } from './convolution-naive.ts';
import type { KernelTable } from './kernel.ts';

const LOWERINGS: Readonly<Record<Emitter['options']['convolution'], ConvolutionLowering>> = {
  gathered: GATHERED,
  naive: NAIVE,
};

const shapeAttribute = (node: Node, name: string): Shape => node.attributes[name] as Shape;

/** Lowers the node with what the emitter was asked for. `make` gets the node's two inputs. */
function lowerWith(
  node: Node,
  emit: Emitter,
  make: (lowering: ConvolutionLowering, a: number, b: number) => ReturnType<ConvolutionLowering['forward']>,
): void {
  const [a, b] = node.inputs as [number, number];
  const { name, shape, layout } = make(LOWERINGS[emit.options.convolution], a, b);
  emit.bind(node.outputs[0]!, name, shape, layout);
}

export const CONVOLUTION: KernelTable = {
  Conv2D: {
    inputs: ['x', 'filter'],
    infer: ([x, filter], attributes) => {
      const g = geometryOf(x!.shape, filter!.shape, attributes);
      return [{ shape: [g.batch, g.outHeight, g.outWidth, g.outputs], dtype: 'float32' }];
    },
    lower: (node, emit) => {
      const [x, filter] = node.inputs.map((id) => emit.value(id).shape) as [Shape, Shape];
      const g = geometryOf(x, filter, node.attributes);
      lowerWith(node, emit, (lowering, a, b) => lowering.forward(emit, a, b, g));
    },
  },
  Conv2DBackpropFilter: {
    inputs: ['x', 'dy'],
    infer: (_, attributes) => [{ shape: attributes.filterShape as Shape, dtype: 'float32' }],
    lower: (node, emit) => {
      const x = emit.value(node.inputs[0]!).shape;
      const g = geometryOf(x, shapeAttribute(node, 'filterShape'), node.attributes);
      lowerWith(node, emit, (lowering, a, b) => lowering.filterGradient(emit, a, b, g));
    },
  },
  Conv2DBackpropInput: {
    inputs: ['dy', 'filter'],
    infer: (_, attributes) => [{ shape: attributes.inputShape as Shape, dtype: 'float32' }],
    lower: (node, emit) => {
      const filter = emit.value(node.inputs[1]!).shape;
      const g = geometryOf(shapeAttribute(node, 'inputShape'), filter, node.attributes);
      lowerWith(node, emit, (lowering, a, b) => lowering.inputGradient(emit, a, b, g));
    },
  },
};
