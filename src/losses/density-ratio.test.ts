import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../tensor/engine.ts';
import { tensor } from '../tensor/ops.ts';
import { openReference } from '../tensor/reference/engine.ts';
import { densityRatioWeights, RATIO_LIMIT } from './density-ratio.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openReference();
});
afterAll(() => engine.dispose());

/** Weights of rows of three classes with the given logits of D; each weighs 1 before, unless `before` says otherwise. */
function weigh(
  logits: readonly number[],
  classes: readonly number[],
  before = logits.map(() => 1),
): number[] {
  const labels = classes.flatMap((label) => [0, 1, 2].map((k) => (k === label ? 1 : 0)));
  const source = tensor([...logits], [logits.length, 1]);
  return [...densityRatioWeights(source, tensor(labels, [logits.length, 3]), tensor([...before])).dataSync()];
}

// Float32 has seven digits.
const expectClose = (found: readonly number[], wanted: readonly number[]): void => {
  expect(found.length).toBe(wanted.length);
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 5);
};

const LOGITS = [-0.5, 1.1, 0.3, -1.2, 0.8];
const CLASSES = [1, 2, 1, 1, 2];

test('rows weigh as D / (1 - D) within their class, and a class weighs what it did', () => {
  const probability = LOGITS.map((logit) => 1 / (1 + Math.exp(-logit)));
  const ratios = probability.map((p) => p / (1 - p));
  const wanted = CLASSES.map((label, i) => {
    const own = ratios.filter((_, j) => CLASSES[j] === label);
    return (ratios[i]! * own.length) / own.reduce((sum, ratio) => sum + ratio, 0);
  });
  expectClose(weigh(LOGITS, CLASSES), wanted);
});

test('what D thinks of all rows of a class alike does not matter, however sure it is', () => {
  const sure = LOGITS.map((logit, i) => logit + (CLASSES[i] === 1 ? -80 : 60));
  expectClose(weigh(sure, CLASSES), weigh(LOGITS, CLASSES));
  expectClose(weigh([7, 7, -90], [0, 0, 1]), [1, 1, 1]);
});

test('no row counts more than the limit allows, or less', () => {
  // The mean logit is 0: one row at the limit's top, two at its bottom.
  const [top, bottom] = [RATIO_LIMIT, 1 / RATIO_LIMIT];
  const total = top + 2 * bottom;
  expectClose(weigh([80, -40, -40], [2, 2, 2]), [
    (3 * top) / total,
    (3 * bottom) / total,
    (3 * bottom) / total,
  ]);
});

test('rows that only fill the shape stay without weight and change no other', () => {
  const filled = weigh([...LOGITS, 50, -50], [...CLASSES, 0, 1], [1, 1, 1, 1, 1, 0, 0]);
  expectClose(filled, [...weigh(LOGITS, CLASSES), 0, 0]);
});

test('weights before are kept in proportion, and the order of rows does not matter', () => {
  const before = [2, 1, 0.5, 1, 1];
  const found = weigh(LOGITS, CLASSES, before);
  expect(found[0]! + found[2]! + found[3]!).toBeCloseTo(3.5, 5);
  const geometric = (2 * LOGITS[0]! + 0.5 * LOGITS[2]! + LOGITS[3]!) / 3.5;
  expect(Math.abs(LOGITS[3]! - geometric)).toBeLessThan(Math.log(RATIO_LIMIT));
  expect(found[0]! / found[2]!).toBeCloseTo(4 * Math.exp(LOGITS[0]! - LOGITS[2]!), 5);
  const turned = (values: readonly number[]): number[] => [...values].reverse();
  expectClose(turned(weigh(turned(LOGITS), turned(CLASSES), turned(before))), found);
});
