import type { AdamSettings } from '../../adam-update.ts';
import { sizeOf } from '../../engine.ts';
import { type Graph, type Node, type Port, producers, type Update } from '../graph.ts';

/**
 * Takes Adam out of the graph: the graph then ends at the gradients, and one fused kernel updates weights and moments
 * in place. Its ten passes over the vectors become one, and neither a copy of the gradient nor a second set of state
 * vectors is made. An update that is not plainly of that form (its inputs are not state, its results are used) stays.
 */
export function liftUpdates(graph: Graph): Graph {
  const producer = producers(graph);
  const used = new Set([
    ...graph.nodes.flatMap((node) => node.inputs),
    ...graph.outputs.map((port) => port.value),
  ]);
  const updates: Update[] = [];
  const lifted = new Set<Node>();
  for (const node of graph.nodes) {
    const update = node.kernel === 'AdamUpdate' && !node.outputs.some((output) => used.has(output));
    if (!update) continue;
    const [weights, moment1, moment2, gradient, rate] = node.inputs as [
      number,
      number,
      number,
      number,
      number,
    ];
    const vectors = [weights, moment1, moment2].map((value) => named(graph.state, value));
    const next = node.outputs.map((value) => named(graph.newState, value));
    const rateName = named(graph.inputs, rate);
    const inPlace = vectors.every((name, i) => name !== undefined && name === next[i]);
    if (!inPlace || rateName === undefined) continue;
    const [weightsName, moment1Name, moment2Name] = vectors as [string, string, string];
    updates.push({
      weights: weightsName,
      moment1: moment1Name,
      moment2: moment2Name,
      rate: rateName,
      settings: node.attributes as unknown as AdamSettings,
      gradient: pieces(graph, producer, gradient),
    });
    lifted.add(node);
  }
  const done = new Set(updates.flatMap(({ weights, moment1, moment2 }) => [weights, moment1, moment2]));
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => !lifted.has(node)),
    newState: graph.newState.filter(({ name }) => !done.has(name)),
    updates: [...graph.updates, ...updates],
  };
}

function named(ports: readonly Port[], value: number): string | undefined {
  return ports.find((port) => port.value === value)?.name;
}

/** What a vector is joined from, and where each piece begins; the vector itself where it is not joined. */
function pieces(
  graph: Graph,
  producer: ReadonlyMap<number, Node>,
  vector: number,
): { offset: number; value: number }[] {
  const node = producer.get(vector);
  const joined = node?.kernel === 'Concat' && graph.values.get(vector)!.shape.length === 1;
  let offset = 0;
  return (joined ? node.inputs : [vector]).map((value) => {
    const piece = { offset, value: source(producer, value) };
    offset += sizeOf(graph.values.get(value)!.shape);
    return piece;
  });
}

/** The value before it was reshaped: its elements are the same. */
function source(producer: ReadonlyMap<number, Node>, value: number): number {
  const node = producer.get(value);
  return node?.kernel === 'Reshape' ? source(producer, node.inputs[0]!) : value;
}
