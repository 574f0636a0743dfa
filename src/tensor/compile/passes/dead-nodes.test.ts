import { expect, test } from 'vitest';
import { GraphBuilder, kernelsOf } from '../testing/graph-of.ts';
import { dropDeadNodes } from './dead-nodes.ts';

test('what nothing needs is dropped, with what was made only for it', () => {
  const g = new GraphBuilder();
  const x = g.input('x', 3);
  g.node('Neg', [g.node('Exp', [x])]);
  const graph = dropDeadNodes(g.build({ y: g.node('Tanh', [x]) }));
  expect(kernelsOf(graph)).toEqual(['Tanh']);
});

test('what only the new state or an update outside the graph needs is kept', () => {
  const g = new GraphBuilder();
  const [x, w] = [g.input('x', 3), g.state('w', 3)];
  const gradient = g.node('Exp', [x]);
  const built = g.build({}, { w: g.node('Add', [w, x]) });
  const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  const names = { weights: 'v', moment1: 'm1', moment2: 'm2', rate: 'rate' };
  const updates = [{ ...names, settings, gradient: [{ offset: 0, value: gradient }] }];
  expect(kernelsOf(dropDeadNodes({ ...built, updates }))).toEqual(['Exp', 'Add']);
});

test('a node of several outputs is kept for the sake of one', () => {
  const g = new GraphBuilder();
  const [, second] = g.nodes('SplitV', [g.input('x', 5)], { numOrSizeSplits: [2, 3], axis: 0 });
  expect(kernelsOf(dropDeadNodes(g.build({ y: second! })))).toEqual(['SplitV']);
});

test('a view of state that nothing reads goes, one that leaves the graph stays', () => {
  const g = new GraphBuilder();
  const vector = g.state('w', 5);
  const [first, second] = g.nodes('SplitV', [vector], { numOrSizeSplits: [2, 3], axis: 0 });
  const views = [
    { state: 'w', offset: 0, value: first! },
    { state: 'w', offset: 2, value: second! },
  ];
  const graph = dropDeadNodes({ ...g.build({ y: second! }), nodes: [], views });
  expect(graph.views).toEqual([views[1]]);
});
