import { expect, test } from 'vitest';
import { GraphBuilder, kernelsOf, makerOf } from '../testing/graph-of.ts';
import { fuseConvolutions } from './fuse-convolutions.ts';

const ATTRIBUTES = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1] };

/** x convolved; `sum` with a bias, `y` activated. */
function convolution() {
  const g = new GraphBuilder();
  const [x, filter, bias] = [g.input('x', 2, 4, 5, 3), g.state('filter', 3, 3, 3, 6), g.state('bias', 6)];
  const product = g.node('Conv2D', [x, filter], ATTRIBUTES);
  return { g, x, filter, bias, product };
}

test('a convolution, its bias and its activation become one node', () => {
  const { g, x, filter, bias, product } = convolution();
  const y = g.node('LeakyRelu', [g.node('Add', [product, bias])], { alpha: 0.2 });
  const graph = fuseConvolutions(g.build({ y }));
  expect(kernelsOf(graph)).toEqual(['FusedConv2D']);
  expect(makerOf(graph, 'y')).toMatchObject({
    inputs: [x, filter, bias],
    attributes: { ...ATTRIBUTES, alpha: 0.2 },
  });
});

test('the bias may stand on the left, and be made between the convolution and the sum', () => {
  const { g, x, filter, bias, product } = convolution();
  const doubled = g.node('Add', [bias, bias]);
  const graph = fuseConvolutions(g.build({ y: g.node('Add', [doubled, product]) }));
  expect(kernelsOf(graph)).toEqual(['Add', 'FusedConv2D']);
  expect(makerOf(graph, 'y')!.inputs).toEqual([x, filter, doubled]);
  expect(makerOf(graph, 'y')!.attributes).not.toHaveProperty('alpha');
});

test('a sum that something else needs is computed with its bias, the activation after it', () => {
  for (const use of ['node', 'output', 'state']) {
    const { g, bias, product } = convolution();
    const sum = g.node('Add', [product, bias]);
    const y = g.node('LeakyRelu', [sum], { alpha: 0.2 });
    const outputs = use === 'node' ? { y, z: g.node('Tanh', [sum]) } : use === 'output' ? { y, sum } : { y };
    const graph = fuseConvolutions(g.build(outputs, use === 'state' ? { sum } : {}));
    expect(kernelsOf(graph).slice(0, 2), use).toEqual(['FusedConv2D', 'LeakyRelu']);
    expect(makerOf(graph, 'y')!.inputs, use).toEqual([sum]);
  }
});

test('a product that something else needs is left alone', () => {
  const used = convolution();
  const sum = used.g.node('Add', [used.product, used.bias]);
  const both = used.g.build({ sum, other: used.g.node('Tanh', [used.product]) });
  expect(kernelsOf(fuseConvolutions(both))).toEqual(['Conv2D', 'Add', 'Tanh']);
  const left = convolution();
  const shown = left.g.build({ sum: left.g.node('Add', [left.product, left.bias]), product: left.product });
  expect(kernelsOf(fuseConvolutions(shown))).toEqual(['Conv2D', 'Add']);
});

test('what is added must be a vector of one number for each channel', () => {
  for (const shape of [[], [1], [1, 6], [5, 6], [2, 4, 5, 6]]) {
    const { g, product } = convolution();
    const graph = fuseConvolutions(g.build({ y: g.node('Add', [product, g.input('other', ...shape)]) }));
    expect(kernelsOf(graph), `[${shape}]`).toEqual(['Conv2D', 'Add']);
  }
  const { g, product } = convolution();
  expect(kernelsOf(fuseConvolutions(g.build({ y: g.node('Add', [product, product]) })))).toEqual([
    'Conv2D',
    'Add',
  ]);
});

test('another activation stays behind the fused sum', () => {
  const { g, bias, product } = convolution();
  const graph = fuseConvolutions(g.build({ y: g.node('Tanh', [g.node('Add', [product, bias])]) }));
  expect(kernelsOf(graph)).toEqual(['FusedConv2D', 'Tanh']);
});
