import { sameShape, sizeOf } from '../../engine.ts';
import type { Graph, Node, Value } from '../graph.ts';
import { ELEMENTWISE_KERNELS } from '../kernels/elementwise.ts';

/**
 * The gradient of a mean is a small tensor blown up to the input's shape and then multiplied with it. Elementwise nodes
 * broadcast by themselves: what can be computed on the small tensor is, and the large one is never made.
 */
export function delayBroadcasts(graph: Graph): Graph {
  const values = new Map(graph.values);
  /** By a value that only repeats another: that other. */
  const small = new Map<number, number>();
  const add = (shape: readonly number[], dtype: Value['dtype']): number => {
    const id = values.size;
    values.set(id, { id, shape, dtype });
    return id;
  };
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const output = values.get(node.outputs[0]!)!;
    if (node.kernel === 'BroadcastTo') {
      small.set(output.id, small.get(node.inputs[0]!) ?? node.inputs[0]!);
      return [node];
    }
    if (!ELEMENTWISE_KERNELS.has(node.kernel)) return [node];
    const inputs = node.inputs.map((id) => small.get(id) ?? id);
    if (inputs.every((id, i) => id === node.inputs[i])) return [node];
    const shapes = inputs.map((id) => values.get(id)!.shape);
    if (shapes.some((shape) => sameShape(shape, output.shape))) return [{ ...node, inputs }];
    const rest = inputs.filter((id, i) => id === node.inputs[i]);
    const repeated = inputs.filter((id, i) => id !== node.inputs[i]);
    const only = repeated[0]!;
    if (repeated.some((id) => id !== only) || rest.some((id) => sizeOf(values.get(id)!.shape) !== 1))
      return [node];
    const result = add(values.get(only)!.shape, output.dtype);
    small.set(output.id, result);
    const broadcast = {
      kernel: 'BroadcastTo',
      inputs: [result],
      outputs: node.outputs,
      attributes: { shape: output.shape },
    };
    return [{ ...node, inputs, outputs: [result] }, broadcast];
  });
  return { ...graph, values, nodes };
}
