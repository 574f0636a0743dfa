import { sizeOf } from '../../engine.ts';
import { type Graph, redirect, type StateView } from '../graph.ts';

/**
 * A flat state vector that is cut into parameters is fed as its pieces, each a view of the vector's memory, instead of
 * being copied apart by a Split at every run.
 */
export function viewState(graph: Graph): Graph {
  const names = new Map(graph.state.map(({ name, value }) => [value, name]));
  const views: StateView[] = [...graph.views];
  const known = new Map(graph.state.map(({ name, value }) => [stretch(name, 0, graph, value), value]));
  for (const { state, offset, value } of views) known.set(stretch(state, offset, graph, value), value);
  const replaced = new Map<number, number>();
  const nodes = graph.nodes.filter((node) => {
    const state = names.get(node.inputs[0]!);
    const vector = graph.values.get(node.inputs[0] ?? -1);
    if (node.kernel !== 'SplitV' || state === undefined || vector?.shape.length !== 1) return true;
    let offset = 0;
    for (const value of node.outputs) {
      const key = stretch(state, offset, graph, value);
      const before = known.get(key);
      if (before === undefined) {
        known.set(key, value);
        views.push({ state, offset, value });
      } else replaced.set(value, before);
      offset += sizeOf(graph.values.get(value)!.shape);
    }
    return false;
  });
  return redirect({ ...graph, nodes, views }, replaced);
}

const stretch = (state: string, offset: number, { values }: Graph, value: number): string =>
  `${state} ${offset} [${values.get(value)!.shape}]`;
