import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { VigilError } from '../../../errors.ts';
import { fillNormal, integerAt, randomKey } from '../../../random.ts';
import type { Program } from '../../engine.ts';
import { type Case, openLowerings, program } from '../testing/kernel-agreement.ts';
import { LOWERINGS } from '../testing/lowerings.ts';
import { trace } from '../trace.ts';
import { KERNELS } from './table.ts';

const lowerings = openLowerings();

const one = (body: (x: tf.Tensor) => tf.Tensor, positive = false, shape = [3, 4, 5]): Case => ({
  shapes: { x: shape },
  body: ({ x }) => body(x!),
  positive,
});
const two = (
  body: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  a: number[],
  b: number[],
  positive = false,
): Case => ({
  shapes: { a, b },
  body: ({ a, b }) => body(a!, b!),
  positive,
});

/** A tensor that is not differentiated. */
const fixed = (): tf.Tensor => tf.tensor(fillNormal(randomKey(3, 'fixed'), new Float32Array(12)), [3, 4]);

const CASES: Record<string, Case> = {
  abs: one(tf.abs),
  exp: one(tf.exp),
  log: one(tf.log, true),
  neg: one(tf.neg),
  relu: one(tf.relu),
  sign: one((x) => tf.mul(tf.sign(x), x)),
  sigmoid: one(tf.sigmoid),
  softplus: one(tf.softplus),
  sqrt: one(tf.sqrt, true),
  rsqrt: one(tf.rsqrt, true),
  'pow by a constant': one((x) => tf.pow(x, 1.5), true),
  square: one(tf.square),
  tanh: one(tf.tanh),
  reciprocal: one(tf.reciprocal, true),
  leakyRelu: one((x) => tf.leakyRelu(x, 0.2)),
  'leakyRelu twice': one((x) => tf.leakyRelu(tf.mul(tf.leakyRelu(x, 0.2), 3), 0.1)),
  clipByValue: one((x) => tf.clipByValue(x, -0.5, 0.7)),
  softmax: one((x) => tf.softmax(x)),
  logSoftmax: one((x) => tf.logSoftmax(x)),
  'add scalar': one((x) => tf.add(x, 2)),
  'ones and zeros': one((x) => tf.add(tf.mul(tf.onesLike(x), x), tf.zerosLike(x))),
  add: two(tf.add, [3, 4, 5], [3, 4, 5]),
  'add bias': two(tf.add, [3, 4, 5], [5]),
  'add outer': two(tf.add, [3, 4, 1], [1, 4, 5]),
  sub: two(tf.sub, [3, 4], [3, 1]),
  mul: two(tf.mul, [3, 4], [4]),
  'mul by one element': two(tf.mul, [3, 4], [1]),
  div: two(tf.div, [3, 4], [3, 4], true),
  maximum: two(tf.maximum, [3, 4], [3, 4]),
  minimum: two(tf.minimum, [3, 4], [3, 4]),
  squaredDifference: two(tf.squaredDifference, [3, 4], [3, 4]),
  where: two((a, b) => tf.where(tf.greater(fixed(), 0.2), a, tf.mul(b, 2)), [3, 4], [3, 4]),
  comparisons: one(
    (x) => {
      const [low, high] = [tf.greaterEqual(fixed(), -0.5), tf.lessEqual(fixed(), 0.5)];
      const mask = tf.logicalAnd(tf.logicalAnd(low, high), tf.less(fixed(), 0.4));
      return tf.mul(x, tf.cast(mask, 'float32'));
    },
    false,
    [3, 4],
  ),
  step: one((x) => tf.mul(x, tf.step(x, 0.3))),
  reshape: one((x) => tf.reshape(x, [5, -1])),
  expandDims: one((x) => tf.mul(tf.expandDims(x, 1), 2)),
  transpose: one((x) => tf.transpose(x, [2, 0, 1])),
  concat: two((a, b) => tf.concat([a, b], 1), [3, 4], [3, 2]),
  split: one((x) => tf.mul(tf.split(x, [2, 3], 2)[1]!, 3)),
  'split evenly': one((x) => tf.add(...(tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor]))),
  slice: one((x) => tf.slice(x, [1, 0, 2], [2, 4, 2])),
  pad: one((x) =>
    tf.pad(
      x,
      [
        [1, 0],
        [0, 2],
        [1, 1],
      ],
      0.5,
    ),
  ),
  tile: one((x) => tf.tile(x, [2, 1, 1])),
  fill: one((x) => tf.mul(x, tf.fill([3, 4, 5], 1.5))),
  'sum of all': one((x) => tf.sum(x)),
  'sum of leading axes': one((x) => tf.sum(x, [0, 1])),
  'sum of the last axis': one((x) => tf.sum(x, -1, true)),
  'mean of inner axes': one((x) => tf.mean(x, [1])),
  'mean of all': one((x) => tf.mean(x)),
  max: one((x) => tf.max(x, 2)),
  matMul: two((a, b) => tf.matMul(a, b), [3, 4], [4, 5]),
  'matMul, a turned': two((a, b) => tf.matMul(a, b, true), [4, 3], [4, 5]),
  'matMul, b turned': two((a, b) => tf.matMul(a, b, false, true), [3, 4], [5, 4]),
  'matMul, both turned': two((a, b) => tf.matMul(a, b, true, true), [4, 3], [5, 4]),
  'batched matMul': two((a, b) => tf.matMul(a, b), [2, 3, 4], [2, 4, 5]),
  conv2dTranspose: two(
    (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, 5, 9, 3], 2, 'same'),
    [2, 3, 5, 4],
    [3, 5, 3, 4],
  ),
};

describe.each(Object.keys(LOWERINGS))(
  '%s: every kernel agrees with the reference, in value and gradient',
  (lowering) => {
    for (const [name, example] of Object.entries(CASES)) {
      test(name, () => lowerings.agree(lowering, name, example));
    }
  },
);

test.each(Object.keys(LOWERINGS))(
  '%s: random convolutions agree, followed by bias and activation',
  async (lowering) => {
    for (let draw = 0; draw < 24; draw++) {
      const pick = (index: number, bound: number): number =>
        1 + integerAt(randomKey(draw, 'shape'), index, bound);
      const pad = draw % 4 === 3 ? 'valid' : 'same';
      const [kh, kw] = [pick(0, 4), pick(1, 5)];
      const [height, width] = [kh + pick(2, 6) - 1, kw + pick(3, 8) - 1];
      // In a third of the draws both divide into blocks of a processor's vectors.
      const channels = (index: number): number => (draw % 3 === 0 ? 16 * pick(index, 2) : pick(index, 6));
      const [batch, inputs, outputs] = [pick(4, 3), channels(5), channels(6)];
      const strides: [number, number] = [pick(7, 3), pick(8, 3)];
      const example: Case = {
        shapes: { x: [batch, height, width, inputs], w: [kh, kw, inputs, outputs], b: [outputs] },
        body: ({ x, w, b }) =>
          tf.leakyRelu(tf.add(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad), b!), 0.2),
      };
      await lowerings.agree(
        lowering,
        `${JSON.stringify(example.shapes)} strides ${strides} ${pad}`,
        example,
        draw,
      );
    }
  },
);

test('the cases above use every kernel of the table', () => {
  const used = new Set(
    Object.entries(CASES).flatMap(([name, example]) =>
      trace(program(name, example)).nodes.map((node) => node.kernel),
    ),
  );
  // AdamUpdate has a test of its own, adam-update.test.ts.
  const own = ['BroadcastTo', 'LeakyReluGrad', 'AdamUpdate'];
  const convolutions = ['Conv2D', 'FusedConv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput'];
  const missing = Object.keys(KERNELS).filter((name) => !used.has(name) && !own.includes(name));
  expect(missing.filter((name) => !convolutions.includes(name))).toEqual([]);
});

/** The error that tracing the body ends with. */
function refusal(body: (x: tf.Tensor4D) => tf.Tensor): VigilError {
  const run: Program['run'] = ({ x }) => ({ outputs: { y: body(x as tf.Tensor4D) } });
  try {
    trace({ name: 'refused', inputs: { x: [2, 5, 5, 1] }, state: {}, run });
  } catch (error) {
    if (error instanceof VigilError) return error;
    throw error;
  }
  throw new Error('not refused');
}

test('a kernel without a lowering is an error that names it', () => {
  const { code, message, metadata } = refusal((x) => tf.erf(x));
  expect([code, metadata]).toEqual(['KERNEL_UNSUPPORTED', { kernel: 'Erf' }]);
  expect(message).toContain('kernel Erf has no lowering');
});

test('a dilated convolution and one of channels first are errors that name the attribute', () => {
  const dilated = refusal((x) =>
    tf.conv2d(x, tf.ones([3, 3, 1, 4]) as tf.Tensor4D, 1, 'same', 'NHWC', [2, 1]),
  );
  expect([dilated.code, dilated.metadata]).toEqual([
    'KERNEL_UNSUPPORTED',
    { kernel: 'Conv2D', attribute: 'dilations' },
  ]);
  expect(dilated.message).toContain('kernel Conv2D with dilations [2,1] has no lowering to ONNX; allowed: 1');
  const first = refusal((x) => tf.conv2d(x, tf.ones([3, 3, 5, 4]) as tf.Tensor4D, 1, 'same', 'NCHW'));
  expect(first.metadata).toEqual({ kernel: 'Conv2D', attribute: 'dataFormat' });
});

test('a trace that was refused leaves the next one alone', () => {
  refusal((x) => tf.erf(x));
  expect(trace(program('after', one(tf.exp))).nodes.length).toBeGreaterThan(0);
});

test('a step that looks at values is refused', () => {
  const peek: Program = {
    name: 'peek',
    inputs: { x: [2] },
    state: {},
    run: ({ x }) => ({ outputs: { y: tf.mul(x!, x!.dataSync()[0]!) } }),
  };
  expect(() => trace(peek)).toThrow('a traced step may not look at values');
});
