/** Losses for unequal classes against their closed forms, written in plain numbers. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../tensor/engine.ts';
import { valueAndGradients } from '../tensor/gradients.ts';
import { type Tensor, tensor } from '../tensor/ops.ts';
import { openReference } from '../tensor/reference/engine.ts';
import { focalLoss, logitAdjustedLoss } from './imbalance.ts';
import { weightedClassLoss } from './terms.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openReference();
});
afterAll(() => engine.dispose());

const value = (scalar: Tensor): number => scalar.dataSync()[0]!;
const LOGITS = [
  [1.2, -0.4, 0.3],
  [0.1, 2.0, -1.0],
];
const LABELS = [0, 2];
const WEIGHTS = [0.5, 2];

const probability = (row: readonly number[], k: number): number =>
  Math.exp(row[k]!) / row.reduce((total, each) => total + Math.exp(each), 0);
const matrix = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(rows.flat(), [rows.length, rows[0]!.length]);
const oneHot = (labels: readonly number[]): Tensor =>
  matrix(labels.map((label) => [0, 1, 2].map((k) => (k === label ? 1 : 0))));

test('focal: -(1 - p)^gamma log p of the label, weighted, its mean over the weights', () => {
  const rows = LOGITS.map((row, i) => probability(row, LABELS[i]!));
  for (const gamma of [0.5, 1, 2, 5]) {
    const expected = rows.reduce((total, p, i) => total - WEIGHTS[i]! * (1 - p) ** gamma * Math.log(p), 0);
    const loss = focalLoss(matrix(LOGITS), oneHot(LABELS), tensor(WEIGHTS), 0, gamma);
    expect(value(loss.sum)).toBeCloseTo(expected, 5);
    expect(value(loss.mean)).toBeCloseTo(expected / 2.5, 5);
  }
});

test('focal with gamma 0 is cross-entropy, smoothed targets included', () => {
  const args = [matrix(LOGITS), oneHot(LABELS), tensor(WEIGHTS), 0.3] as const;
  expect(value(focalLoss(...args, 0).sum)).toBeCloseTo(value(weightedClassLoss(...args).sum), 5);
});

test('focal has a finite gradient where C is certain, right or wrong', () => {
  for (const gamma of [0.5, 1, 2]) {
    for (const label of [0, 1]) {
      const { gradients } = valueAndGradients([matrix([[90, -90, 0]])], ([logits]) => {
        const loss = focalLoss(logits!, oneHot([label]), tensor([1]), 0, gamma);
        return { loss: loss.sum, aux: {} };
      });
      const [d0, d1] = gradients[0]!.dataSync<'float32'>();
      // Right: nothing to learn. Wrong: the slope of cross-entropy, -1 for the label.
      expect(d0).toBeCloseTo(label === 0 ? 0 : 1, 4);
      expect(d1).toBeCloseTo(label === 0 ? 0 : -1, 4);
    }
  }
});

test('logit adjustment: cross-entropy of s + tau log prior', () => {
  const priors = [0.5, 0.25, 0.25];
  const tau = 1.5;
  const adjusted = LOGITS.map((row) => row.map((s, k) => s + tau * Math.log(priors[k]!)));
  const expected = adjusted.reduce(
    (total, row, i) => total - WEIGHTS[i]! * Math.log(probability(row, LABELS[i]!)),
    0,
  );
  const offsets = tensor(priors.map((prior) => tau * Math.log(prior)));
  const loss = logitAdjustedLoss(matrix(LOGITS), offsets, oneHot(LABELS), tensor(WEIGHTS), 0);
  expect(value(loss.sum)).toBeCloseTo(expected, 5);
  expect(value(loss.mean)).toBeCloseTo(expected / 2.5, 5);
});

test('a relabelling of the classes changes no loss', () => {
  const order = [2, 0, 1];
  const permuted = LOGITS.map((row) => order.map((k) => row[k]!));
  const labels = LABELS.map((label) => order.indexOf(label));
  const offsets = [-0.2, -1.4, -2.2];
  const weights = tensor(WEIGHTS);
  const before = [
    focalLoss(matrix(LOGITS), oneHot(LABELS), weights, 0.1, 2),
    logitAdjustedLoss(matrix(LOGITS), tensor(offsets), oneHot(LABELS), weights, 0.1),
  ];
  const after = [
    focalLoss(matrix(permuted), oneHot(labels), weights, 0.1, 2),
    logitAdjustedLoss(matrix(permuted), tensor(order.map((k) => offsets[k]!)), oneHot(labels), weights, 0.1),
  ];
  before.forEach((loss, i) => {
    expect(value(after[i]!.sum)).toBeCloseTo(value(loss.sum), 5);
  });
});
