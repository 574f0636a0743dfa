import { expect, test } from 'vitest';
import { GraphBuilder, kernelsOf } from '../testing/graph-of.ts';
import { liftUpdates } from './lift-updates.ts';

const SETTINGS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

/** State of one trained vector, the rate, and an update by a gradient. */
function trained(length = 6) {
  const g = new GraphBuilder();
  const vectors = ['weights', 'moment1', 'moment2'].map((name) => g.state(name, length));
  const rate = g.input('rate');
  const update = (gradient: number, by = rate, state: readonly number[] = vectors) => {
    const [weights, moment1, moment2] = g.nodes('AdamUpdate', [...state, gradient, by], SETTINGS);
    return { weights: weights!, moment1: moment1!, moment2: moment2! };
  };
  return { g, rate, update };
}

test('an update in place leaves the graph, which returns the pieces of the gradient', () => {
  const { g, update } = trained();
  const [a, b] = [g.input('a', 2, 2), g.input('b', 2)];
  const da = g.node('Exp', [a]);
  const db = g.node('Neg', [b]);
  const flat = g.node('Reshape', [g.node('Reshape', [da], { shape: [4, 1] })], { shape: [-1] });
  const after = update(g.node('Concat', [flat, db], { axis: 0 }));
  const graph = liftUpdates(g.build({ loss: db }, { ...after, other: da }));
  expect(kernelsOf(graph)).not.toContain('AdamUpdate');
  expect(graph.newState).toEqual([{ name: 'other', value: da }]);
  expect(graph.updates).toEqual([
    {
      ...{ weights: 'weights', moment1: 'moment1', moment2: 'moment2', rate: 'rate', settings: SETTINGS },
      gradient: [
        { offset: 0, value: da },
        { offset: 4, value: db },
      ],
    },
  ]);
});

test('a gradient that is not joined is one piece, and may be an input', () => {
  const { g, update } = trained();
  const gradient = g.input('gradient', 6);
  const graph = liftUpdates(g.build({}, { ...update(gradient) }));
  expect(graph.updates[0]!.gradient).toEqual([{ offset: 0, value: gradient }]);
});

test('a result that is used, shown or stored under a second name keeps the update in the graph', () => {
  for (const use of ['node', 'output', 'second name']) {
    const { g, update } = trained();
    const after = update(g.input('gradient', 6));
    const outputs = { node: { y: g.node('Neg', [after.moment1]) }, output: { y: after.weights } }[use] ?? {};
    const graph = liftUpdates(
      g.build(outputs, { ...after, ...(use === 'second name' ? { mean: after.weights } : {}) }),
    );
    expect(graph.updates, use).toEqual([]);
    expect(kernelsOf(graph), use).toContain('AdamUpdate');
  }
});

test('a rate that is computed, or is not one number, keeps the update in the graph', () => {
  const computed = trained();
  const half = computed.g.node('Multiply', [computed.rate, computed.g.constant([0.5])]);
  const after = computed.update(computed.g.input('gradient', 6), half);
  expect(liftUpdates(computed.g.build({}, { ...after })).updates).toEqual([]);
  const many = trained();
  const each = many.update(many.g.input('gradient', 6), many.g.input('rates', 6));
  expect(liftUpdates(many.g.build({}, { ...each })).updates).toEqual([]);
});

test('weights that are not state, or that go to another state, keep the update in the graph', () => {
  const { g, update } = trained();
  const gradient = g.input('gradient', 6);
  const elsewhere = ['a', 'b', 'c'].map((name) => g.input(name, 6));
  const { weights, moment1, moment2 } = update(gradient, undefined, elsewhere);
  expect(liftUpdates(g.build({}, { weights, moment1, moment2 })).updates).toEqual([]);
  const swapped = update(gradient);
  const exchanged = { weights: swapped.weights, moment1: swapped.moment2, moment2: swapped.moment1 };
  expect(liftUpdates(g.build({}, exchanged)).updates).toEqual([]);
  expect(liftUpdates(g.build({}, { weights: swapped.weights })).updates).toEqual([]);
});

test('of two updates the larger is lifted: there is room for one gradient', () => {
  const { g, update } = trained(3);
  const large = ['w', 'm', 'v'].map((name) => g.state(name, 9));
  const small = update(g.input('dSmall', 3));
  const after = update(g.input('dLarge', 9), undefined, large);
  const graph = liftUpdates(g.build({}, { ...small, w: after.weights, m: after.moment1, v: after.moment2 }));
  expect(graph.updates.map(({ weights }) => weights)).toEqual(['w']);
  expect(kernelsOf(graph)).toEqual(['AdamUpdate']);
  expect(graph.newState.map(({ name }) => name)).toEqual(['weights', 'moment1', 'moment2']);
});
