import { expect, test } from 'vitest';
import { cpuBackend } from '../../cpu-backend.ts';
import { constantOf, GraphBuilder, kernelsOf, leaving, makerOf } from '../testing/graph-of.ts';
import { foldConstants } from './constant-folding.ts';

test('arithmetic on constants is done once, through any number of nodes', () => {
  const g = new GraphBuilder();
  const half = g.node('RealDiv', [g.constant([1]), g.constant([2])]);
  const y = g.node('Multiply', [half, g.constant([1, 2, 3, 4], [2, 2])]);
  const graph = foldConstants(g.build({ y }));
  expect(kernelsOf(graph)).toEqual([]);
  expect(constantOf(graph, 'y')).toEqual([0.5, 1, 1.5, 2]);
});

test('casts and comparisons keep their types', () => {
  const g = new GraphBuilder();
  const x = g.constant([0, 2.7, -1.5], [3]);
  const positive = g.node('Greater', [x, g.constant([0])]);
  const outputs = {
    positive,
    number: g.node('Cast', [positive], { dtype: 'float32' }),
    whole: g.node('Cast', [x], { dtype: 'int32' }),
  };
  const graph = foldConstants(g.build(outputs));
  expect(graph.constants.get(leaving(graph, 'positive'))).toEqual(Uint8Array.of(0, 1, 0));
  expect(graph.constants.get(leaving(graph, 'number'))).toEqual(Float32Array.of(0, 1, 0));
  expect(graph.constants.get(leaving(graph, 'whole'))).toEqual(Int32Array.of(0, 2, -1));
});

test('nodes of several inputs or outputs are evaluated too', () => {
  const g = new GraphBuilder();
  const joined = g.node('Concat', [g.constant([1, 2], [2]), g.constant([3], [1])], { axis: 0 });
  const [a, b] = g.nodes('SplitV', [joined], { numOrSizeSplits: [1, 2], axis: 0 });
  const graph = foldConstants(g.build({ a: a!, b: b! }));
  expect([constantOf(graph, 'a'), constantOf(graph, 'b')]).toEqual([[1], [2, 3]]);
});

test('a fill is a constant, and so are ones and zeros of a tensor that is not', () => {
  const g = new GraphBuilder();
  const x = g.input('x', 2);
  const outputs = {
    fill: g.node('Fill', [], { shape: [2], value: 1.5, dtype: 'float32' }),
    ones: g.node('OnesLike', [x]),
    zeros: g.node('ZerosLike', [g.node('Cast', [x], { dtype: 'int32' })]),
  };
  const graph = foldConstants(g.build(outputs));
  expect([constantOf(graph, 'fill'), constantOf(graph, 'ones')]).toEqual([
    [1.5, 1.5],
    [1, 1],
  ]);
  expect(graph.constants.get(leaving(graph, 'zeros'))).toEqual(Int32Array.of(0, 0));
});

test('a large fill becomes one number that is broadcast', () => {
  const g = new GraphBuilder();
  const graph = foldConstants(g.build({ y: g.node('Fill', [], { shape: [512, 512], value: 3 }) }));
  const broadcast = makerOf(graph, 'y')!;
  expect(broadcast).toMatchObject({ kernel: 'BroadcastTo', attributes: { shape: [512, 512] } });
  expect(graph.constants.get(broadcast.inputs[0]!)).toEqual(Float32Array.of(3));
});

test('a large result of small constants is left to the graph', () => {
  const g = new GraphBuilder();
  const tiled = g.node('Tile', [g.constant([1, 2], [2])], { reps: [5000] });
  expect(kernelsOf(foldConstants(g.build({ tiled })))).toEqual(['Tile']);
});

test("an input that is not constant and a kernel of the compiler's own stay", () => {
  const g = new GraphBuilder();
  const two = g.constant([2]);
  const sum = g.node('Add', [g.input('x'), two]);
  const own = g.node('LeakyReluGrad', [two, two], { alpha: 0.2 });
  expect(kernelsOf(foldConstants(g.build({ sum, own })))).toEqual(['Add', 'LeakyReluGrad']);
});

test('the evaluation leaves no tensor behind', () => {
  const g = new GraphBuilder();
  const reshaped = g.node('Reshape', [g.constant([1, 2], [2])], { shape: [1, 2] });
  const soft = g.node('Softmax', [g.node('Square', [reshaped])], { dim: 1 });
  const before = cpuBackend().numDataIds();
  expect(kernelsOf(foldConstants(g.build({ soft })))).toEqual([]);
  expect(cpuBackend().numDataIds()).toBe(before);
});
