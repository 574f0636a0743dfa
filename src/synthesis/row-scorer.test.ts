import { expect, test } from 'vitest';
import { layoutOf, weightsKey } from '../models/networks.ts';
import { flatten } from '../models/parameters.ts';
import type { ModelSpec } from '../models/spec.ts';
import { openReference } from '../tensor/reference/engine.ts';
import { BLOCK, blocksOf } from './blocks.ts';
import { RowScorer } from './row-scorer.ts';

const SPEC: ModelSpec = {
  ...{ channels: 2, steps: 8, classes: 2, latentSize: 4 },
  ...{ kernelHeight: 'paper', generatorArchitecture: 'paper', classifierArchitecture: 'paper' },
};

/** Weights of a network that looks at nothing: its answers are its last biases. */
function biased(network: 'classifier' | 'discriminator', biases: Record<string, number[]>): Float32Array {
  const layout = layoutOf(network, SPEC);
  const zeros = layout.map(({ name, shape }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return [name, biases[name] ? Float32Array.from(biases[name]) : new Float32Array(size)] as const;
  });
  return flatten(layout, new Map(zeros));
}

test('scores are the sigmoid and the softmaxes of the logits, of the class asked for; C is calibrated', async () => {
  const engine = await openReference();
  const weights = {
    [weightsKey('discriminator')]: biased('discriminator', {
      'source/bias': [Math.log(4)],
      'class/bias': [0, Math.log(9)],
    }),
    [weightsKey('classifier')]: biased('classifier', { 'dense/bias': [0, 2 * Math.log(3)] }),
  };
  const shapes = Object.fromEntries(Object.entries(weights).map(([key, flat]) => [key, [flat.length]]));
  const state = engine.createState(shapes, weights);
  const limits = { low: [-1, -1], high: [1, 1] };
  const model = { temperature: 2, hasDiscriminator: true };
  const scorer = new RowScorer(engine, SPEC, limits, state, model);
  const samples = new Float32Array(BLOCK * 16);
  const scores = await scorer.score(samples, 1, 'original', scorer.available);
  expect(scores.dSrc![7]).toBeCloseTo(0.8, 6);
  expect(scores.dCls![0]).toBeCloseTo(0.9, 6);
  // softmax of (0, 2 ln 3) / 2.
  expect(scores.c![31]).toBeCloseTo(0.75, 6);
  const other = await scorer.score(samples, 0, 'scaled', ['dCls']);
  expect(other.dCls![0]).toBeCloseTo(0.1, 6);
  expect(Object.keys(other)).toEqual(['dCls']);
  const withoutD = new RowScorer(engine, SPEC, limits, state, { ...model, hasDiscriminator: false });
  expect(withoutD.available).toEqual(['c']);
  await scorer.dispose();
  state.dispose();
  await engine.dispose();
});

test.each([
  [0, 1],
  [31, 2],
  [41, 100],
  [64, 64],
])('rows %i and %i more lie in whole blocks, each once and in order', (firstRow, rows) => {
  const found = blocksOf(firstRow, rows).flatMap(({ block, from, to, at }) =>
    Array.from({ length: to - from }, (_, i) => [at + i, block * BLOCK + from + i]),
  );
  expect(found).toEqual(Array.from({ length: rows }, (_, i) => [i, firstRow + i]));
});
