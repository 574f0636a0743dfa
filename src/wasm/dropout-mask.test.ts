import { expect, test } from 'vitest';
import { fillDropoutMask, randomKey } from '../random.ts';
import { DropoutMask } from './dropout-mask.ts';

/** Element by element, from the definition of a layout. */
function arranged(
  shape: readonly number[],
  order: readonly number[],
  block: number,
  values: Float32Array,
): Float32Array {
  const out = new Float32Array(values.length);
  const last = shape.length - 1;
  values.forEach((value, flat) => {
    let rest = flat;
    const index = shape.toReversed().map((dimension) => {
      const at = rest % dimension;
      rest = Math.floor(rest / dimension);
      return at;
    });
    index.reverse();
    const outer = order.reduce((at, axis) => {
      const cut = axis === last ? block : 1;
      return at * (shape[axis]! / cut) + Math.floor(index[axis]! / cut);
    }, 0);
    out[outer * block + (index[last]! % block)] = value;
  });
  return out;
}

const CASES: readonly { shape: number[]; order: number[]; block?: number }[] = [
  { shape: [4, 3, 5, 32], order: [0, 1, 2, 3] },
  { shape: [4, 3, 5, 32], order: [1, 2, 0, 3] },
  { shape: [3, 2, 2, 128], order: [1, 2, 0, 3] },
  { shape: [3, 2, 2, 128], order: [0, 3, 1, 2], block: 16 },
  { shape: [4, 3, 5, 64], order: [0, 3, 1, 2], block: 8 },
  { shape: [4, 3, 5, 64], order: [0, 3, 1, 2], block: 4 },
  { shape: [2, 3, 5, 24], order: [0, 3, 1, 2], block: 8 },
  { shape: [26, 128], order: [0, 1] },
  { shape: [2, 3, 5, 7], order: [1, 2, 0, 3] },
  { shape: [2, 3, 5, 7], order: [3, 1, 0, 2] },
  { shape: [5, 9], order: [0, 1] },
];

for (const { shape, order, block = 1 } of CASES) {
  test(`a mask [${shape}] in order [${order}], block ${block}, has the numbers of fillDropoutMask`, () => {
    const size = shape.reduce((a, b) => a * b, 1);
    const mask = new DropoutMask(shape, { order, block });
    for (const [step, rate] of [0.3, 0, 0.9].entries()) {
      const key = randomKey(7, 'dropout', step);
      const wanted = arranged(shape, order, block, fillDropoutMask(key, new Float32Array(size), rate));
      // In the kernel as in the definition, a mask is a float32: 256 / (256 - threshold), rounded.
      expect(mask.fill(key, rate)).toEqual(wanted);
    }
  });
}
