import { expect, test } from 'vitest';
import { GraphBuilder, kernelsOf, makerOf } from '../testing/graph-of.ts';
import { dropDeadNodes } from './dead-nodes.ts';
import { delayBroadcasts } from './delay-broadcasts.ts';

const LARGE = { shape: [4, 3] };

test('a node with another operand of the full shape reads the small tensor', () => {
  const g = new GraphBuilder();
  const [x, small] = [g.input('x', 4, 3), g.input('small', 1, 3)];
  const y = g.node('Multiply', [x, g.node('BroadcastTo', [small], LARGE)]);
  const graph = dropDeadNodes(delayBroadcasts(g.build({ y })));
  expect(kernelsOf(graph)).toEqual(['Multiply']);
  expect(graph.nodes[0]!.inputs).toEqual([x, small]);
});

test('what is computed of the small tensor and scalars alone is computed before it is repeated', () => {
  const g = new GraphBuilder();
  const small = g.input('small', 1, 3);
  const large = g.node('BroadcastTo', [small], LARGE);
  const scaled = g.node('Multiply', [large, g.constant([2])]);
  const y = g.node('Neg', [g.node('Multiply', [scaled, scaled])]);
  const graph = dropDeadNodes(delayBroadcasts(g.build({ y })));
  expect(kernelsOf(graph)).toEqual(['Multiply', 'Multiply', 'Neg', 'BroadcastTo']);
  const sizes = graph.nodes.map(({ outputs }) => graph.values.get(outputs[0]!)!.shape);
  expect(sizes).toEqual([
    [1, 3],
    [1, 3],
    [1, 3],
    [4, 3],
  ]);
});

test('a comparison of a small tensor stays a comparison', () => {
  const g = new GraphBuilder();
  const large = g.node('BroadcastTo', [g.input('small', 1, 3)], LARGE);
  const graph = delayBroadcasts(g.build({ y: g.node('Greater', [large, g.constant([0])]) }));
  const comparison = graph.nodes.find(({ kernel }) => kernel === 'Greater')!;
  expect(graph.values.get(comparison.outputs[0]!)).toMatchObject({ shape: [1, 3], dtype: 'bool' });
});

test('a broadcast of a broadcast is one', () => {
  const g = new GraphBuilder();
  const [x, small] = [g.input('x', 4, 3), g.input('small', 3)];
  const middle = g.node('BroadcastTo', [small], { shape: [1, 3] });
  const y = g.node('Add', [g.node('BroadcastTo', [middle], LARGE), x]);
  const graph = dropDeadNodes(delayBroadcasts(g.build({ y })));
  expect(kernelsOf(graph)).toEqual(['Add']);
  expect(graph.nodes[0]!.inputs).toEqual([small, x]);
});

test('two different small tensors stay broadcast', () => {
  const g = new GraphBuilder();
  const row = g.node('BroadcastTo', [g.input('row', 1, 3)], LARGE);
  const column = g.node('BroadcastTo', [g.input('column', 4, 1)], LARGE);
  const y = g.node('Multiply', [row, column]);
  const graph = delayBroadcasts(g.build({ y }));
  expect(makerOf(graph, 'y')!.inputs).toEqual([row, column]);
});

test('a small tensor with a middle-sized one stays broadcast', () => {
  const g = new GraphBuilder();
  const row = g.node('BroadcastTo', [g.input('row', 1, 3)], LARGE);
  const y = g.node('Multiply', [row, g.input('column', 4, 1)]);
  expect(makerOf(delayBroadcasts(g.build({ y })), 'y')!.inputs[0]).toBe(row);
});

test('a node that is not elementwise reads the large tensor', () => {
  const g = new GraphBuilder();
  const large = g.node('BroadcastTo', [g.input('small', 1, 3)], LARGE);
  const graph = delayBroadcasts(g.build({ y: g.node('Sum', [large], { axis: [0] }) }));
  expect(makerOf(graph, 'y')!.inputs).toEqual([large]);
});

test('a large tensor that leaves the graph is still made, under its number', () => {
  const g = new GraphBuilder();
  const large = g.node('BroadcastTo', [g.input('small', 1, 3)], LARGE);
  const y = g.node('Exp', [large]);
  const graph = dropDeadNodes(delayBroadcasts(g.build({ large, y })));
  expect(kernelsOf(graph)).toEqual(['BroadcastTo', 'Exp', 'BroadcastTo']);
  expect(makerOf(graph, 'y')!.outputs).toEqual([y]);
});
