import { type Graph, type Node, results } from '../graph.ts';

/**
 * A convolution, the bias that is added to it and the LeakyRelu after that become one `FusedConv2D`: every lowering has
 * a node that does the three in one pass over the data. What something else needs in between stays.
 */
export function fuseConvolutions(graph: Graph): Graph {
  const users = new Map<number, Node[]>();
  for (const node of graph.nodes)
    for (const input of new Set(node.inputs)) users.set(input, [...(users.get(input) ?? []), node]);
  const taken = new Set(results(graph));
  const only = (value: number): Node | undefined => {
    const found = users.get(value) ?? [];
    return found.length === 1 && !taken.has(value) ? found[0] : undefined;
  };
  const gone = new Set<Node>();
  const fused = new Map<Node, Node>();
  for (const node of graph.nodes.filter(({ kernel }) => kernel === 'Conv2D')) {
    const sum = only(node.outputs[0]!);
    if (sum?.kernel !== 'Add') continue;
    const bias = sum.inputs.find((input) => input !== node.outputs[0]);
    const channels = graph.values.get(node.outputs[0]!)!.shape.at(-1);
    const shape = bias === undefined ? undefined : graph.values.get(bias)!.shape;
    if (bias === undefined || shape?.length !== 1 || shape[0] !== channels) continue;
    const activation = only(sum.outputs[0]!);
    const leaky = activation?.kernel === 'LeakyRelu' ? activation : undefined;
    gone.add(node);
    if (leaky) gone.add(sum);
    // In the place of the last of them: everything it needs is made by then.
    fused.set(leaky ?? sum, {
      kernel: 'FusedConv2D',
      inputs: [...node.inputs, bias],
      outputs: (leaky ?? sum).outputs,
      attributes: { ...node.attributes, ...(leaky ? { alpha: leaky.attributes.alpha } : {}) },
    });
  }
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => !gone.has(node)).map((node) => fused.get(node) ?? node),
  };
}
