import type { Graph } from '../graph.ts';

/** Drops nodes whose outputs nothing needs. */
export function dropDeadNodes(graph: Graph): Graph {
  const needed = new Set([...graph.outputs, ...graph.newState].map((port) => port.value));
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output))) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  return { ...graph, nodes: nodes.reverse() };
}
