import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillNormal, fillUniform, integerAt, randomKey } from '../../../random.ts';
import { type Arrays, type Engine, type Program, type Shapes, sizeOf } from '../../engine.ts';
import { valueAndGradients } from '../../gradients.ts';
import { openOnnxruntime } from '../../onnxruntime/engine.ts';
import { openReference } from '../../reference/engine.ts';
import { trace } from '../trace.ts';
import { KERNELS } from './table.ts';

/** Float32 sums of at most some thousand terms in another order: relative 1e-4 is ten times what they differ by. */
const TOLERANCE = 1e-4;

type Body = (x: Record<string, tf.Tensor>) => tf.Tensor;
interface Case {
  readonly shapes: Shapes;
  readonly body: Body;
  /** Draws inputs in (0.1, 1.1) instead of normals: for log, sqrt and division. */
  readonly positive?: boolean;
}

let reference: Engine;
let compiled: Engine;
beforeAll(async () => {
  reference = await openReference();
  compiled = openOnnxruntime({ threads: 1, compile: { convolution: 'blocked' } });
});
afterAll(async () => {
  await reference.dispose();
  await compiled.dispose();
});

/** Value, and the gradient by every input of the value weighted with fixed random numbers. */
function program(name: string, { shapes, body }: Case): Program {
  return {
    name,
    inputs: shapes,
    state: {},
    run: (inputs) => {
      const names = Object.keys(inputs);
      const { aux, gradients } = valueAndGradients(
        names.map((input) => inputs[input]!),
        (tensors) => {
          const value = body(Object.fromEntries(names.map((input, i) => [input, tensors[i]!])));
          const weights = fillNormal(randomKey(9, 'weights'), new Float32Array(value.size));
          return {
            loss: tf.sum(tf.mul(tf.cast(value, 'float32'), tf.tensor(weights, value.shape))),
            aux: { value },
          };
        },
      );
      return { outputs: { ...aux, ...Object.fromEntries(gradients.map((g, i) => [`d ${names[i]}`, g])) } };
    },
  };
}

function inputsOf({ shapes, positive }: Case, seed: number): Arrays {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => {
      const data = new Float32Array(sizeOf(shape));
      const key = randomKey(seed, name, i);
      return [name, positive ? fillUniform(key, data).map((value) => value + 0.1) : fillNormal(key, data)];
    }),
  );
}

async function runOn(engine: Engine, program: Program, inputs: Arrays): Promise<Arrays> {
  const state = engine.createState({}, {});
  const executable = await engine.compile(program, state);
  const outputs = await executable.run(inputs);
  await executable.dispose();
  state.dispose();
  return outputs;
}

function expectClose(found: Arrays, wanted: Arrays, label: string): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, want] of Object.entries(wanted)) {
    const got = found[name]!;
    expect(got.length, `${label} ${name}`).toBe(want.length);
    const scale = want.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-3);
    const worst = want.reduce((max, value, i) => Math.max(max, Math.abs(value - got[i]!)), 0);
    expect(worst / scale, `${label} ${name}`).toBeLessThan(TOLERANCE);
  }
}

async function agree(name: string, example: Case, seed = 1): Promise<void> {
  const inputs = inputsOf(example, seed);
  const wanted = await runOn(reference, program(name, example), inputs);
  const found = await runOn(compiled, program(name, example), inputs);
  expectClose(found, wanted, name);
}

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

describe('every kernel agrees with the reference, in value and gradient', () => {
  for (const [name, example] of Object.entries(CASES)) {
    test(name, () => agree(name, example));
  }
});

test('random convolutions agree, followed by bias and activation', async () => {
  for (let draw = 0; draw < 24; draw++) {
    const pick = (index: number, bound: number): number =>
      1 + integerAt(randomKey(draw, 'shape'), index, bound);
    const pad = draw % 4 === 3 ? 'valid' : 'same';
    const [kh, kw] = [pick(0, 4), pick(1, 5)];
    const [height, width] = [kh + pick(2, 6) - 1, kw + pick(3, 8) - 1];
    const [batch, inputs, outputs] = [pick(4, 3), pick(5, 6), pick(6, 6)];
    const strides: [number, number] = [pick(7, 3), pick(8, 3)];
    const example: Case = {
      shapes: { x: [batch, height, width, inputs], w: [kh, kw, inputs, outputs], b: [outputs] },
      body: ({ x, w, b }) =>
        tf.leakyRelu(tf.add(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad), b!), 0.2),
    };
    await agree(`${JSON.stringify(example.shapes)} strides ${strides} ${pad}`, example, draw);
  }
});

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

test('a kernel without a lowering is an error that names it', () => {
  const example = one((x) => tf.erf(x));
  expect(() =>
    trace({ ...program('erf', example), run: ({ x }) => ({ outputs: { y: tf.erf(x!) } }) }),
  ).toThrow('kernel Erf has no lowering');
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
