import { sizeOf } from '../../engine.ts';
import type { Graph, StateView } from '../graph.ts';

/**
 * A flat state vector that is cut into parameters is fed as its pieces, each a view of the vector's memory, instead of
 * being copied apart by a Split at every run.
 */
export function viewState(graph: Graph): Graph {
  const names = new Map(graph.state.map(({ name, value }) => [value, name]));
  const views: StateView[] = [];
  const nodes = graph.nodes.filter((node) => {
    const state = names.get(node.inputs[0]!);
    const vector = graph.values.get(node.inputs[0] ?? -1);
    if (node.kernel !== 'SplitV' || state === undefined || vector?.shape.length !== 1) return true;
    let offset = 0;
    for (const value of node.outputs) {
      views.push({ state, offset, value });
      offset += sizeOf(graph.values.get(value)!.shape);
    }
    return false;
  });
  return { ...graph, nodes, views: [...graph.views, ...views] };
}
