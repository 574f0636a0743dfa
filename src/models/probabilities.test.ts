import { expect, test } from 'vitest';
import { toProbabilities, toSigmoid } from './probabilities.ts';

test('softmax of each row, by hand', () => {
  const found = toProbabilities(Float32Array.of(0, Math.log(3), 2, 2), 2);
  expect([...found]).toEqual([0.25, 0.75, 0.5, 0.5].map((p) => expect.closeTo(p, 7)));
});

test('a temperature divides the logits', () => {
  const [cool, warm] = toProbabilities(Float32Array.of(0, 2 * Math.log(3)), 2, 2);
  expect([cool, warm]).toEqual([expect.closeTo(0.25, 7), expect.closeTo(0.75, 7)]);
});

test('logits far apart and far from zero neither overflow nor vanish', () => {
  expect([...toProbabilities(Float32Array.of(1e30, -1e30, 5000, 5000), 2)]).toEqual([1, 0, 0.5, 0.5]);
});

test('the sigmoid, at its middle, its ends and where it is known', () => {
  expect([...toSigmoid(Float32Array.of(0, 1000, -1000, Math.log(4)))]).toEqual([
    0.5,
    1,
    0,
    expect.closeTo(0.8, 6),
  ]);
});
