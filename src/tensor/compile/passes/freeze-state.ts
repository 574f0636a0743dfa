import type { Arrays } from '../../engine.ts';
import { sizeOf } from '../../engine.ts';
import type { Graph } from '../graph.ts';

/**
 * State that will not change becomes constants: the runtime then prepares weights once, when it loads the graph,
 * instead of at every run.
 */
export function freezeState(graph: Graph, values: Arrays): Graph {
  const constants = new Map(graph.constants);
  for (const { name, value } of graph.state) constants.set(value, values[name]!.slice());
  for (const { state, offset, value } of graph.views) {
    const length = sizeOf(graph.values.get(value)!.shape);
    constants.set(value, values[state]!.slice(offset, offset + length));
  }
  return { ...graph, constants, state: [], views: [] };
}
