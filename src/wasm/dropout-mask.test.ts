import { expect, test } from 'vitest';
import { fillDropoutMask, randomKey } from '../random.ts';
import { DropoutMask } from './dropout-mask.ts';

/** Element by element, from the definition of the order. */
function arranged(shape: readonly number[], order: readonly number[], values: Float32Array): Float32Array {
  const out = new Float32Array(values.length);
  values.forEach((value, flat) => {
    let rest = flat;
    const index = shape.toReversed().map((dimension) => {
      const at = rest % dimension;
      rest = Math.floor(rest / dimension);
      return at;
    });
    index.reverse();
    out[order.reduce((at, axis) => at * shape[axis]! + index[axis]!, 0)] = value;
  });
  return out;
}

const CASES: readonly { shape: number[]; order: number[] }[] = [
  { shape: [4, 3, 5, 32], order: [0, 1, 2, 3] },
  { shape: [4, 3, 5, 32], order: [1, 2, 0, 3] },
  { shape: [3, 2, 2, 128], order: [1, 2, 0, 3] },
  { shape: [26, 128], order: [0, 1] },
  { shape: [2, 3, 5, 7], order: [1, 2, 0, 3] },
  { shape: [2, 3, 5, 7], order: [3, 1, 0, 2] },
  { shape: [5, 9], order: [0, 1] },
];

for (const { shape, order } of CASES) {
  test(`a mask [${shape}] in order [${order}] has the numbers of fillDropoutMask`, () => {
    const size = shape.reduce((a, b) => a * b, 1);
    const mask = new DropoutMask(shape, order);
    for (const [step, rate] of [0.3, 0, 0.9].entries()) {
      const key = randomKey(7, 'dropout', step);
      const wanted = arranged(shape, order, fillDropoutMask(key, new Float32Array(size), rate));
      expect(mask.fill(key, rate)).toEqual(wanted);
    }
  });
}
