import { expect, test } from 'vitest';
import { GraphBuilder, kernelsOf, makerOf } from '../testing/graph-of.ts';
import { fuseLeakyGradients } from './leaky-gradient.ts';

interface Form {
  /** Slope of the activation. */
  readonly alpha?: number;
  /** Slope that the gradient multiplies with. */
  readonly slope?: number;
  readonly threshold?: number;
  /** Takes what is multiplied to be another tensor than what is passed. */
  readonly other?: boolean;
}

/** `y = leakyRelu(x)` and its gradient as TensorFlow.js writes it. */
function form({ alpha = 0.2, slope = alpha, threshold = 0, other = false }: Form) {
  const g = new GraphBuilder();
  const [x, dy, dz] = [g.input('x', 4), g.input('dy', 4), g.input('dz', 4)];
  const y = g.node('LeakyRelu', [x], { alpha });
  const positive = g.node('Greater', [x, g.constant([threshold])]);
  const scaled = g.node('Multiply', [other ? dz : dy, g.constant([slope])]);
  const dx = g.node('Select', [positive, dy, scaled]);
  return { g, x, y, dy, graph: fuseLeakyGradients(g.build({ y, dx })) };
}

test('the gradient of a LeakyReLU becomes one node of its output and the gradient', () => {
  const { y, dy, graph } = form({});
  const fused = { kernel: 'LeakyReluGrad', inputs: [y, dy], attributes: { alpha: 0.2 } };
  expect(makerOf(graph, 'dx')).toMatchObject(fused);
});

test.each([
  ['another slope than the activation has', { slope: 0.3 }],
  ['a threshold other than 0', { threshold: 0.1 }],
  ['another tensor below the threshold', { other: true }],
  ['a slope above 1, where the output says less about the input', { alpha: 1.5 }],
  ['a negative slope, where the output has not the sign of the input', { alpha: -0.2 }],
])('a selection with %s stays', (_, changed: Form) => {
  expect(makerOf(form(changed).graph, 'dx')!.kernel).toBe('Select');
});

test('slopes 0 and 1 are fused', () => {
  for (const alpha of [0, 1]) expect(makerOf(form({ alpha }).graph, 'dx')!.kernel).toBe('LeakyReluGrad');
});

test('two activations of one tensor are told apart by their slopes', () => {
  const { g, x, y, graph } = form({});
  const steeper = g.node('LeakyRelu', [x], { alpha: 0.4 });
  const both = fuseLeakyGradients(g.build({ y, steeper, dx: graph.outputs[1]!.value }));
  expect(makerOf(both, 'dx')).toMatchObject({ kernel: 'LeakyReluGrad', inputs: [y, expect.any(Number)] });
});

test('a selection by something else stays', () => {
  const g = new GraphBuilder();
  const [a, b] = [g.input('a', 4), g.input('b', 4)];
  const y = g.node('Select', [g.node('Greater', [a, b]), a, b]);
  expect(kernelsOf(fuseLeakyGradients(g.build({ y })))).toEqual(['Greater', 'Select']);
});
