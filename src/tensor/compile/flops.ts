import { type Shape, sizeOf } from '../engine.ts';
import type { Graph, Node } from './graph.ts';

/**
 * Floating-point operations of a graph's matrix products and convolutions: the work that no lowering can leave out. A
 * multiplication and an addition are two; taps in the padding count like others. Elementwise work is not counted.
 */
export function flopsOf(graph: Graph): number {
  return graph.nodes.reduce((total, node) => total + nodeFlops(graph, node), 0);
}

function nodeFlops(graph: Graph, { kernel, inputs, outputs, attributes }: Node): number {
  const shapeOf = (id: number): Shape => graph.values.get(id)!.shape;
  const result = shapeOf(outputs[0]!);
  switch (kernel) {
    case 'BatchMatMul':
      return 2 * sizeOf(result) * shapeOf(inputs[0]!).at(attributes.transposeA ? -2 : -1)!;
    case 'Conv2D':
    case 'FusedConv2D':
      return convolution(result, shapeOf(inputs[1]!));
    case 'Conv2DBackpropFilter':
      return convolution(shapeOf(inputs[1]!), result);
    case 'Conv2DBackpropInput':
      return convolution(shapeOf(inputs[0]!), shapeOf(inputs[1]!));
    default:
      return 0;
  }
}

/** Output `[batch, height, width, outputs]`, filter `[kh, kw, inputs, outputs]`: every position meets every tap. */
function convolution(output: Shape, filter: Shape): number {
  return (2 * sizeOf(output) * sizeOf(filter)) / output.at(-1)!;
}
