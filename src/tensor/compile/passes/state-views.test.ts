import { expect, test } from 'vitest';
import { GraphBuilder, kernelsOf, leaving } from '../testing/graph-of.ts';
import { viewState } from './state-views.ts';

const split = (sizes: number | readonly number[], axis = 0) => ({ numOrSizeSplits: sizes, axis });

test('a vector of state that is cut comes in as its pieces', () => {
  const g = new GraphBuilder();
  const w = g.state('w', 6);
  const [a, b, c] = g.nodes('SplitV', [w], split([1, 2, 3])) as [number, number, number];
  const graph = viewState(g.build({ a, b: g.node('Neg', [b]), c }));
  expect(kernelsOf(graph)).toEqual(['Neg']);
  expect(graph.views).toEqual([
    { state: 'w', offset: 0, value: a },
    { state: 'w', offset: 1, value: b },
    { state: 'w', offset: 3, value: c },
  ]);
});

test('a stretch that is cut out twice comes in once', () => {
  const g = new GraphBuilder();
  const w = g.state('w', 6);
  const [a, b] = g.nodes('SplitV', [w], split([2, 4])) as [number, number];
  const [c, d, e] = g.nodes('SplitV', [w], split([2, 1, 3])) as [number, number, number];
  const graph = viewState(g.build({ a, b, c, d, e }));
  expect(graph.views).toEqual([
    { state: 'w', offset: 0, value: a },
    { state: 'w', offset: 2, value: b },
    { state: 'w', offset: 2, value: d },
    { state: 'w', offset: 3, value: e },
  ]);
  expect(leaving(graph, 'c')).toBe(a);
});

test('a stretch that is all of the vector is the vector', () => {
  const g = new GraphBuilder();
  const w = g.state('w', 6);
  const graph = viewState(g.build({ all: g.node('Neg', g.nodes('SplitV', [w], split(1))) }));
  expect(graph.views).toEqual([]);
  expect(graph.nodes).toMatchObject([{ kernel: 'Neg', inputs: [w] }]);
});

test('a matrix of state, an input and a computed vector are cut in the graph', () => {
  const g = new GraphBuilder();
  const [matrix, x] = [g.state('matrix', 4, 6), g.input('x', 6)];
  const parts = [
    ...g.nodes('SplitV', [matrix], split(2)),
    ...g.nodes('SplitV', [matrix], split(2, 1)),
    ...g.nodes('SplitV', [x], split(2)),
    ...g.nodes('SplitV', [g.node('Neg', [g.state('w', 6)])], split(2)),
  ];
  const built = g.build(Object.fromEntries(parts.map((part, i) => [`part${i}`, part])));
  const graph = viewState(built);
  expect(graph.nodes).toEqual(built.nodes);
  expect(graph.views).toEqual([]);
});
