import { expect, test } from 'vitest';
import { GraphBuilder, kernelsOf, leaving, makerOf } from '../testing/graph-of.ts';
import { removeIdentities } from './identities.ts';

test('clones, casts to the same type and reshapes to the same shape go, one after another', () => {
  const g = new GraphBuilder();
  const x = g.input('x', 2, 3);
  const clone = g.node('Identity', [x]);
  const cast = g.node('Cast', [clone], { dtype: 'float32' });
  const reshaped = g.node('Reshape', [cast], { shape: [2, 3] });
  const y = g.node('Neg', [reshaped]);
  const graph = removeIdentities(g.build({ y, same: reshaped }, { kept: cast }));
  expect(kernelsOf(graph)).toEqual(['Neg']);
  expect(graph.nodes[0]!.inputs).toEqual([x]);
  expect([leaving(graph, 'same'), leaving(graph, 'kept')]).toEqual([x, x]);
});

test('a cast to another type and a reshape to another shape stay', () => {
  const g = new GraphBuilder();
  const x = g.input('x', 2, 3);
  const cast = g.node('Cast', [x], { dtype: 'int32' });
  const flat = g.node('Reshape', [x], { shape: [6] });
  const turned = g.node('Reshape', [x], { shape: [3, -1] });
  expect(kernelsOf(removeIdentities(g.build({ cast, flat, turned })))).toEqual([
    'Cast',
    'Reshape',
    'Reshape',
  ]);
});

test('a product with ones of either side is the other factor', () => {
  const g = new GraphBuilder();
  const x = g.input('x', 2, 2);
  const ones = g.constant([1, 1, 1, 1], [2, 2]);
  const graph = removeIdentities(
    g.build({ a: g.node('Multiply', [x, ones]), b: g.node('Multiply', [ones, x]) }),
  );
  expect(kernelsOf(graph)).toEqual([]);
  expect([leaving(graph, 'a'), leaving(graph, 'b')]).toEqual([x, x]);
});

test('a product with ones of a larger shape is a broadcast', () => {
  const g = new GraphBuilder();
  const small = g.input('small', 1, 2);
  const ones = g.constant([1, 1, 1, 1], [2, 2]);
  const graph = removeIdentities(g.build({ y: g.node('Multiply', [small, ones]) }));
  expect(makerOf(graph, 'y')).toMatchObject({
    kernel: 'BroadcastTo',
    inputs: [small],
    attributes: { shape: [2, 2] },
  });
});

test('a product with almost ones, and one of two inputs, stay', () => {
  const g = new GraphBuilder();
  const x = g.input('x', 2);
  const almost = g.node('Multiply', [x, g.constant([1, 0.999], [2])]);
  const square = g.node('Multiply', [x, x]);
  expect(kernelsOf(removeIdentities(g.build({ almost, square })))).toEqual(['Multiply', 'Multiply']);
});
