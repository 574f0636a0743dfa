/** Convolutions and their gradients: what they compute. How is one of the lowerings beside this file. */
import type { Shape } from '../../engine.ts';
import type { Emitter, Place } from '../emitter.ts';
import type { Node } from '../graph.ts';
import { BLOCKED } from './convolution-blocked.ts';
import { GATHERED } from './convolution-gathered.ts';
import { geometryOf } from './convolution-geometry.ts';
import type { ConvolutionLowering } from './convolution-lowering.ts';
import { NAIVE } from './convolution-naive.ts';
import type { Kernel, KernelTable } from './kernel.ts';

const LOWERINGS: Readonly<Record<Emitter['options']['convolution'], ConvolutionLowering>> = {
  blocked: BLOCKED,
  gathered: GATHERED,
  naive: NAIVE,
};

const shapeAttribute = (node: Node, name: string): Shape => node.attributes[name] as Shape;

/** Lowers the node with what the emitter was asked for. */
function lowerWith(node: Node, emit: Emitter, make: (lowering: ConvolutionLowering) => Place): void {
  const { name, shape, layout } = make(LOWERINGS[emit.options.convolution]);
  emit.bind(node.outputs[0]!, name, shape, layout);
}

const conv2d: Kernel = {
  inputs: ['x', 'filter'],
  infer: ([x, filter], attributes) => {
    const g = geometryOf(x!.shape, filter!.shape, attributes);
    return [{ shape: [g.batch, g.outHeight, g.outWidth, g.outputs], dtype: 'float32' }];
  },
  lower: (node, emit) => {
    const [x, filter, bias] = node.inputs as [number, number, number | undefined];
    const g = geometryOf(emit.value(x).shape, emit.value(filter).shape, node.attributes);
    const alpha = node.attributes.alpha as number | undefined;
    const epilogue = { ...(bias === undefined ? {} : { bias }), ...(alpha === undefined ? {} : { alpha }) };
    lowerWith(node, emit, (lowering) => lowering.forward(emit, x, filter, g, epilogue));
  },
};

export const CONVOLUTION: KernelTable = {
  Conv2D: conv2d,
  /** A convolution with a bias and, when `alpha` is there, a LeakyRelu of that slope: made by `fuse-convolutions`. */
  FusedConv2D: { ...conv2d, inputs: ['x', 'filter', 'bias'] },
  Conv2DBackpropFilter: {
    inputs: ['x', 'dy'],
    infer: (_, attributes) => [{ shape: attributes.filterShape as Shape, dtype: 'float32' }],
    lower: (node, emit) => {
      const [a, b] = node.inputs as [number, number];
      const g = geometryOf(emit.value(a).shape, shapeAttribute(node, 'filterShape'), node.attributes);
      lowerWith(node, emit, (lowering) => lowering.filterGradient(emit, a, b, g));
    },
  },
  Conv2DBackpropInput: {
    inputs: ['dy', 'filter'],
    infer: (_, attributes) => [{ shape: attributes.inputShape as Shape, dtype: 'float32' }],
    lower: (node, emit) => {
      const [a, b] = node.inputs as [number, number];
      const g = geometryOf(shapeAttribute(node, 'inputShape'), emit.value(b).shape, node.attributes);
      lowerWith(node, emit, (lowering) => lowering.inputGradient(emit, a, b, g));
    },
  },
};
