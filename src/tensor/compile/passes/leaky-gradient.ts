import { type Graph, producers } from '../graph.ts';

/**
 * TensorFlow.js differentiates leakyRelu as `where(x > 0, dy, dy * alpha)`: three passes over the data, and x must be
 * kept. The activation y has the sign of x, so this becomes one `LeakyReluGrad(y, dy)`, and the runtime can fuse x away.
 * That holds for slopes from 0 to 1, which is also what the lowering's Clip takes; others stay as they are.
 */
export function fuseLeakyGradients(graph: Graph): Graph {
  const producer = producers(graph);
  const activations = graph.nodes.filter(({ kernel, attributes }) => {
    const alpha = Number(attributes.alpha);
    return kernel === 'LeakyRelu' && alpha >= 0 && alpha <= 1;
  });
  const nodes = graph.nodes.map((node) => {
    if (node.kernel !== 'Select') return node;
    const [condition, dy, scaled] = node.inputs as [number, number, number];
    const test = producer.get(condition);
    const product = producer.get(scaled);
    if (test?.kernel !== 'Greater' || product?.kernel !== 'Multiply') return node;
    const alpha = scalarOf(graph, product.inputs[1]!);
    const activation = activations.find(
      ({ inputs, attributes }) =>
        inputs[0] === test.inputs[0] && alpha === Math.fround(Number(attributes.alpha)),
    );
    const matches = scalarOf(graph, test.inputs[1]!) === 0 && product.inputs[0] === dy;
    if (!activation || !matches) return node;
    const inputs = [activation.outputs[0]!, dy];
    return { kernel: 'LeakyReluGrad', inputs, outputs: node.outputs, attributes: activation.attributes };
  });
  return { ...graph, nodes };
}

/** The number behind a value that is a constant of one element. */
function scalarOf(graph: Graph, id: number): number | undefined {
  const data = graph.constants.get(id);
  return data?.length === 1 ? data[0] : undefined;
}
