import { expect, test } from 'vitest';
import { constantOf, GraphBuilder } from '../testing/graph-of.ts';
import { freezeState } from './freeze-state.ts';

test('state and its views become constants of the values at hand, copied', () => {
  const g = new GraphBuilder();
  const [scale, w] = [g.state('scale', 2), g.state('w', 5)];
  const [first, second] = g.nodes('SplitV', [w], { numOrSizeSplits: [2, 3], axis: 0 });
  const views = [
    { state: 'w', offset: 0, value: first! },
    { state: 'w', offset: 2, value: second! },
  ];
  const built = { ...g.build({ scale, first: first!, second: second! }), nodes: [], views };
  const values = { scale: Float32Array.of(7, 8), w: Float32Array.of(0, 1, 2, 3, 4) };
  const graph = freezeState(built, values);
  values.w.fill(9);
  expect([graph.state, graph.views]).toEqual([[], []]);
  expect(constantOf(graph, 'scale')).toEqual([7, 8]);
  expect([constantOf(graph, 'first'), constantOf(graph, 'second')]).toEqual([
    [0, 1],
    [2, 3, 4],
  ]);
});
