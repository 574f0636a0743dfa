import { type Graph, producers } from '../graph.ts';

/**
 * TensorFlow.js differentiates leakyRelu as `where(x > 0, dy, dy * alpha)`: three passes over the data, and x must be
 * kept. The activation y has the sign of x, so this becomes one `LeakyReluGrad(y, dy)`, and the runtime can fuse x away.
 */
export function fuseLeakyGradients(graph: Graph): Graph {
  const producer = producers(graph);
  const activations = new Map(
    graph.nodes.filter((node) => node.kernel === 'LeakyRelu').map((node) => [node.inputs[0]!, node] as const),
  );
  const nodes = graph.nodes.map((node) => {
    if (node.kernel !== 'Select') return node;
    const [condition, dy, scaled] = node.inputs as [number, number, number];
    const test = producer.get(condition);
    const product = producer.get(scaled);
    if (test?.kernel !== 'Greater' || product?.kernel !== 'Multiply') return node;
    const activation = activations.get(test.inputs[0]!);
    const alpha = scalarOf(graph, product.inputs[1]!);
    const matches =
      activation !== undefined &&
      scalarOf(graph, test.inputs[1]!) === 0 &&
      product.inputs[0] === dy &&
      alpha === Math.fround(Number(activation.attributes.alpha));
    if (!matches) return node;
    const inputs = [activation.outputs[0]!, dy];
    return { kernel: 'LeakyReluGrad', inputs, outputs: node.outputs, attributes: activation.attributes };
  });
  return { ...graph, nodes };
}

/** The number behind a value that is a constant of one element, through casts and clones. */
function scalarOf(graph: Graph, id: number): number | undefined {
  const data = graph.constants.get(id);
  return data?.length === 1 ? data[0] : undefined;
}
