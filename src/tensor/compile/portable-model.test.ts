import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import type { Program } from '../engine.ts';
import { runModel } from '../onnxruntime/run-model.ts';
import { add, concat, mean, mul, reshape, sum, type Tensor, tensor } from '../ops.ts';
import { openReference } from '../reference/engine.ts';
import { BATCHES } from './dynamic-batch.ts';
import { portableModel } from './portable-model.ts';

const of =
  (run: (x: Tensor, rows: number) => Tensor) =>
  (rows: number): Program => ({
    name: `test-${rows}`,
    inputs: { x: [rows, 2, 3] },
    state: {},
    run: ({ x }) => ({ outputs: { y: run(x!, rows) } }),
  });
const values = (rows: number): Float32Array => Float32Array.from({ length: rows * 6 }, (_, i) => i % 7);

test('shapes that grow with the batch are left open', async () => {
  const model = await portableModel(
    'flat',
    of((x, rows) => reshape(mul(reshape(x, [rows * 2, 3]), tensor([1, 2, 3])), [rows, 6])),
    {},
    {},
  );
  for (const rows of [1, 4]) {
    const { y } = await runModel(model, { x: { shape: [rows, 2, 3], values: values(rows) } });
    expect([...y!]).toEqual([...values(rows)].map((value, i) => value * ((i % 3) + 1)));
  }
});

test('an input that is passed on keeps its name beside the output', async () => {
  const model = await portableModel(
    'same',
    of((x) => x),
    {},
    {},
  );
  const { y } = await runModel(model, { x: { shape: [2, 2, 3], values: values(2) } });
  expect([...y!]).toEqual([...values(2)]);
});

const refused: [string, (x: Tensor, rows: number) => Tensor][] = [
  ['a mean over the batch', (x) => mean(x, [0])],
  [
    'the first half of what grows with the batch',
    (x, rows) => tf.slice(concat([x, mul(x, 2)], 0), [0, 0, 0], [rows, 2, 3]),
  ],
  [
    'a constant of one number a row',
    (x, rows) => add(sum(x, [1, 2]), tensor(values(rows).subarray(0, rows))),
  ],
  ['an operation that depends on the batch', (x, rows) => (rows === BATCHES[0] ? concat([x, x], 1) : x)],
];
test.each(refused)('%s cannot be exported, and that is said', async (_, run) => {
  await expect(portableModel('fixed', of(run), {}, {})).rejects.toMatchObject({
    code: 'KERNEL_UNSUPPORTED',
    message: expect.stringContaining('cannot be exported'),
  });
});

/** Statistics over steps, attention over channels and a softmax: what classifiers are made of. */
function mixed(x: Tensor, rows: number): Tensor {
  const image = tf.reshape(x, [rows, 2, 3, 1]);
  const centred = tf.sub(image, tf.mean(image, [2], true));
  const spread = tf.sqrt(tf.add(tf.mean(tf.square(centred), [2]), 1e-3));
  const weights = tf.softmax(tf.reshape(spread, [rows, 2]));
  const attended = tf.matMul(tf.reshape(weights, [rows, 1, 2]), x);
  // The second slice cuts nothing.
  const swapped = tf.transpose(tf.slice(tf.concat([x, tf.neg(x)], 2), [0, 0, 1], [rows, 2, 4]), [0, 2, 1]);
  const largest = tf.slice(tf.max(swapped, [1]), [0, 0], [rows, 2]);
  return tf.concat([tf.reshape(attended, [rows, 3]), largest, tf.sum(image, [1, 2])], 1);
}

test('reductions, attention and transpositions answer as TensorFlow.js does, for any batch', async () => {
  const model = await portableModel('mixed', of(mixed), {}, {});
  const engine = await openReference();
  const state = engine.createState({}, {});
  for (const rows of [1, 4]) {
    const { y } = await runModel(model, { x: { shape: [rows, 2, 3], values: values(rows) } });
    const reference = await engine.compile(of(mixed)(rows), state);
    const wanted = (await reference.run({ x: values(rows) })).y!;
    expect(y).toHaveLength(wanted.length);
    // Sums of a few small numbers: rounding of float32 only.
    y!.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i]!, 5);
    });
  }
  state.dispose();
});
