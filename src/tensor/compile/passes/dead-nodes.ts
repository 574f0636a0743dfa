import { type Graph, results } from '../graph.ts';

/** Drops nodes whose outputs nothing needs, and views of state that nothing reads. */
export function dropDeadNodes(graph: Graph): Graph {
  const needed = new Set(results(graph));
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output))) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  const views = graph.views.filter(({ value }) => needed.has(value));
  return { ...graph, nodes: nodes.reverse(), views };
}
