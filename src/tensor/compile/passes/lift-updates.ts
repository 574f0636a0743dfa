import type { AdamSettings } from '../../adam-update.ts';
import { sizeOf } from '../../engine.ts';
import { type Graph, type Node, type Port, producers, type Update } from '../graph.ts';

/**
 * Takes Adam out of the graph: the graph then ends at the gradients, and one fused kernel updates weights and moments
 * in place. Its ten passes over the vectors become one, and neither a copy of the gradient nor a second set of state
 * vectors is made. An update that is not plainly of that form (its inputs are not state, its rate is computed, its results
 * are used) stays; so do all but the largest, because the state has room for one gradient.
 */
export function liftUpdates(graph: Graph): Graph {
  const producer = producers(graph);
  const length = (node: Node): number => sizeOf(graph.values.get(node.inputs[0]!)!.shape);
  const largest = graph.nodes
    .filter(({ kernel }) => kernel === 'AdamUpdate')
    .flatMap((node) => {
      const update = asUpdate(graph, producer, node);
      return update ? [{ node, update }] : [];
    })
    .reduce<{ node: Node; update: Update } | undefined>(
      (most, candidate) => (most && length(most.node) >= length(candidate.node) ? most : candidate),
      undefined,
    );
  if (!largest) return graph;
  const { node: lifted, update } = largest;
  const done = [update.weights, update.moment1, update.moment2];
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => node !== lifted),
    newState: graph.newState.filter(({ name }) => !done.includes(name)),
    updates: [...graph.updates, update],
  };
}

function asUpdate(graph: Graph, producer: ReadonlyMap<number, Node>, node: Node): Update | undefined {
  const [weights, moment1, moment2, gradient, rate] = node.inputs as [number, number, number, number, number];
  const takers = [
    ...graph.nodes.flatMap(({ inputs }) => inputs),
    ...[...graph.outputs, ...graph.newState].map(({ value }) => value),
  ];
  const names = [weights, moment1, moment2].map((value) => named(graph.state, value));
  const inPlace = node.outputs.every(
    (value, i) =>
      names[i] !== undefined &&
      named(graph.newState, value) === names[i] &&
      takers.filter((taken) => taken === value).length === 1,
  );
  const rateName = named(graph.inputs, rate);
  if (!inPlace || rateName === undefined || sizeOf(graph.values.get(rate)!.shape) !== 1) return undefined;
  const [weightsName, moment1Name, moment2Name] = names as [string, string, string];
  return {
    weights: weightsName,
    moment1: moment1Name,
    moment2: moment2Name,
    rate: rateName,
    settings: node.attributes as unknown as AdamSettings,
    gradient: pieces(graph, producer, gradient),
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
