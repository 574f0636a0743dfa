/** Kernels that read what a convolution made, and so meet layouts that are not row-major. */
import * as tf from '@tensorflow/tfjs';
import { describe, test } from 'vitest';
import { type Case, openLowerings } from '../testing/kernel-agreement.ts';
import { LOWERINGS } from '../testing/lowerings.ts';

const lowerings = openLowerings();

type Image = tf.Tensor4D;
type Weights = Readonly<Record<string, tf.Tensor>>;

/** A body of the image `[2, 3, 4, channels]` that a convolution made, and of further inputs. */
function after(
  channels: number,
  body: (y: Image, more: Weights) => tf.Tensor,
  more: Case['shapes'] = {},
): Case {
  return {
    shapes: { x: [2, 5, 4, 3], w: [3, 3, 3, channels], ...more },
    body: ({ x, w, ...rest }) => body(tf.conv2d(x as Image, w as Image, [2, 1], 'same'), rest),
  };
}

const CASES: Readonly<Record<string, (channels: number) => Case>> = {
  'mean of positions': (c) => after(c, (y) => tf.mean(y, [1, 2])),
  'mean of positions, axes kept': (c) => after(c, (y) => tf.mean(y, [1, 2], true)),
  'mean of rows': (c) => after(c, (y) => tf.mean(y, 1)),
  'sum of the batch': (c) => after(c, (y) => tf.sum(y, 0)),
  'sum of channels': (c) => after(c, (y) => tf.sum(y, -1)),
  'sum of channels and columns, axes kept': (c) => after(c, (y) => tf.sum(y, [2, 3], true)),
  'sum of batch and rows': (c) => after(c, (y) => tf.sum(y, [0, 1])),
  'sum of no axis': (c) => after(c, (y) => tf.sum(y, [])),
  'sum of all': (c) => after(c, (y) => tf.sum(y)),
  'largest of columns': (c) => after(c, (y) => tf.max(y, 2)),
  'softmax over channels': (c) => after(c, (y) => tf.softmax(y)),
  'centred by channel': (c) => after(c, (y) => tf.sub(y, tf.mean(y, 2, true))),
  'a vector for each channel': (c) => after(c, (y, { b }) => tf.mul(y, b!), { b: [c] }),
  'a number for each row': (c) => after(c, (y, { b }) => tf.mul(y, b!), { b: [3, 1, 1] }),
  'a number for each column and channel': (c) => after(c, (y, { b }) => tf.add(y, b!), { b: [4, c] }),
  'a number for each sample': (c) => after(c, (y, { b }) => tf.div(y, tf.exp(b!)), { b: [2, 1, 1, 1] }),
  'an image of one channel': (c) => after(c, (y, { b }) => tf.mul(y, b!), { b: [2, 3, 4, 1] }),
  'an image of its own size, row-major': (c) => after(c, (y, { b }) => tf.mul(b!, y), { b: [2, 3, 4, c] }),
  'one element': (c) => after(c, (y, { b }) => tf.mul(y, b!), { b: [1, 1, 1, 1] }),
  'a larger shape': (c) => after(c, (y, { b }) => tf.add(y, b!), { b: [2, 2, 3, 4, c] }),
  'the larger of it and another convolution': (c) =>
    after(c, (y, { v }) => tf.maximum(y, tf.conv2d(y, v as Image, 1, 'same')), { v: [1, 3, c, c] }),
  'largest of no axis': (c) => after(c, (y) => tf.max(y, [])),
  'two convolutions of it added': (c) =>
    after(
      c,
      (y, { u, v }) => tf.add(tf.conv2d(y, u as Image, 1, 'same'), tf.conv2d(y, v as Image, 1, 'same')),
      {
        u: [1, 1, c, c],
        v: [3, 3, c, c],
      },
    ),
  'joined with itself by channel': (c) => after(c, (y) => tf.concat([y, tf.neg(y)], 3)),
  'joined with an input by row': (c) => after(c, (y, { b }) => tf.concat([b!, y], 1), { b: [2, 2, 4, c] }),
  'joined with an input by sample': (c) => after(c, (y, { b }) => tf.concat([y, b!], 0), { b: [1, 3, 4, c] }),
  'split by channel': (c) => after(c, (y) => tf.sub(...(tf.split(y, 2, 3) as [tf.Tensor, tf.Tensor]))),
  'split by sample': (c) => after(c, (y) => tf.mul(...(tf.split(y, 2, 0) as [tf.Tensor, tf.Tensor]))),
  slice: (c) => after(c, (y) => tf.slice(y, [0, 1, 2, 0], [2, 2, 1, c])),
  pad: (c) =>
    after(c, (y) =>
      tf.pad(y, [
        [0, 1],
        [1, 0],
        [2, 0],
        [0, 0],
      ]),
    ),
  tile: (c) => after(c, (y) => tf.mul(tf.tile(y, [1, 2, 1, 1]), 2)),
  'channels first': (c) => after(c, (y) => tf.mul(tf.transpose(y, [0, 3, 1, 2]), 2)),
  'rows and columns exchanged': (c) => after(c, (y) => tf.relu(tf.transpose(y, [0, 2, 1, 3]))),
  'reversed axes': (c) => after(c, (y) => tf.reshape(tf.transpose(y), [c, -1])),
  'seen as rows': (c) => after(c, (y) => tf.tanh(tf.reshape(y, [2, -1]))),
  'seen with a further axis': (c) => after(c, (y) => tf.sum(tf.expandDims(y, 1), [0, 2])),
  'a product of matrices': (c) =>
    after(c, (y, { b }) => tf.matMul(tf.reshape(y, [24, c]), b as tf.Tensor2D), { b: [c, 2] }),
  'a turned product of few rows': (c) =>
    after(c, (y, { b }) => tf.matMul(tf.reshape(y, [2, 12 * c]), b as tf.Tensor2D, false, true), {
      b: [9, 12 * c],
    }),
};

// 6 channels fit no block, 32 divide into blocks on every processor.
describe.each(Object.keys(LOWERINGS))(
  '%s: what follows a convolution agrees with the reference',
  (lowering) => {
    for (const [name, make] of Object.entries(CASES))
      for (const channels of [6, 32])
        test(`${name}, ${channels} channels`, () => lowerings.agree(lowering, name, make(channels)));
  },
);
