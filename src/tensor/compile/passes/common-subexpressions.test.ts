import { expect, test } from 'vitest';
import { GraphBuilder, kernelsOf, leaving } from '../testing/graph-of.ts';
import { shareCommonSubexpressions } from './common-subexpressions.ts';

test('equal nodes become one, and so do the equal nodes of their results', () => {
  const g = new GraphBuilder();
  const x = g.input('x', 3);
  const [a, b] = [g.node('Exp', [x]), g.node('Exp', [x])];
  const outputs = { a: g.node('Neg', [a]), b: g.node('Neg', [b]), sum: g.node('Add', [a, b]) };
  const graph = shareCommonSubexpressions(g.build(outputs, { s: b }));
  expect(kernelsOf(graph)).toEqual(['Exp', 'Neg', 'Add']);
  expect(leaving(graph, 'b')).toBe(leaving(graph, 'a'));
  expect(leaving(graph, 's')).toBe(a);
  expect(graph.nodes[2]!.inputs).toEqual([a, a]);
});

test('constants are compared by content, type and shape', () => {
  const g = new GraphBuilder();
  const x = g.input('x', 3);
  const constants = [g.constant([2]), g.constant([2]), g.constant([2], [1]), g.constant([3])];
  const nodes = constants.map((constant) => g.node('Multiply', [x, constant]));
  const graph = shareCommonSubexpressions(g.build(Object.fromEntries(nodes.map((y, i) => [`y${i}`, y]))));
  expect(graph.nodes.map(({ inputs }) => inputs[1])).toEqual([constants[0], constants[2], constants[3]]);
});

test('0 and -0 are different constants', () => {
  const g = new GraphBuilder();
  const [a, b] = [0, -0].map((zero) => g.node('Reciprocal', [g.constant([zero])])) as [number, number];
  expect(kernelsOf(shareCommonSubexpressions(g.build({ a, b })))).toHaveLength(2);
});

test('nodes that differ in kernel, in attributes or in the order of inputs stay', () => {
  const g = new GraphBuilder();
  const [x, z] = [g.input('x', 2, 2), g.input('z', 2, 2)];
  const outputs = [
    g.node('Sub', [x, z]),
    g.node('Sub', [z, x]),
    g.node('RealDiv', [x, z]),
    g.node('Sum', [x], { axis: [0], keepDims: false }),
    g.node('Sum', [x], { axis: [1], keepDims: false }),
  ];
  const built = g.build(Object.fromEntries(outputs.map((y, i) => [`y${i}`, y])));
  expect(shareCommonSubexpressions(built).nodes).toHaveLength(5);
});

test('attributes are compared whatever their order, and numbers that JSON does not have are told apart', () => {
  const g = new GraphBuilder();
  const x = g.input('x', 2);
  const clip = (clipValueMin: number, clipValueMax: number) =>
    g.node('ClipByValue', [x], { clipValueMin, clipValueMax });
  const outputs = [
    clip(Number.NEGATIVE_INFINITY, 1),
    clip(Number.NaN, 1),
    clip(0, 1),
    clip(-0, 1),
    g.node('ClipByValue', [x], { clipValueMax: 1, clipValueMin: 0 }),
  ];
  const built = g.build(Object.fromEntries(outputs.map((y, i) => [`y${i}`, y])));
  expect(shareCommonSubexpressions(built).nodes).toHaveLength(4);
});

test('all outputs of an equal node are shared', () => {
  const g = new GraphBuilder();
  const x = g.input('x', 5);
  const cut = () => g.nodes('SplitV', [x], { numOrSizeSplits: [2, 3], axis: 0 }) as [number, number];
  const [[a, b], [c, d]] = [cut(), cut()];
  const graph = shareCommonSubexpressions(g.build({ a, b, c, d }));
  expect(kernelsOf(graph)).toEqual(['SplitV']);
  expect([leaving(graph, 'c'), leaving(graph, 'd')]).toEqual([a, b]);
});

test('updates are not shared', () => {
  const g = new GraphBuilder();
  const vectors = ['w', 'm', 'v'].map((name) => g.state(name, 3));
  const inputs = [...vectors, g.input('gradient', 3), g.input('rate')];
  const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  const [a, b] = [0, 1].map(() => g.node('AdamUpdate', inputs, settings)) as [number, number];
  expect(kernelsOf(shareCommonSubexpressions(g.build({ a, b })))).toEqual(['AdamUpdate', 'AdamUpdate']);
});
