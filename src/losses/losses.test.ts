/** The six terms against their closed forms, written in plain numbers beside the equations of the paper. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../tensor/engine.ts';
import { reshape, type Tensor, tensor } from '../tensor/ops.ts';
import { openReference } from '../tensor/reference/engine.ts';
import { jointLoss } from './joint.ts';
import { modeSeekingLoss } from './mode-seeking.ts';
import {
  adversarialLoss,
  classLoss,
  correlationLoss,
  discriminatorLoss,
  rowCorrelation,
  weightedClassLoss,
} from './terms.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openReference();
});
afterAll(() => engine.dispose());

const value = (scalar: Tensor): number => scalar.dataSync()[0]!;
const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));
const log = Math.log;
const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

const REAL = [2.1, -0.3, 0.7];
const FAKE = [-1.4, 0.2, 3.0];
const column = (values: readonly number[]): Tensor => tensor([...values], [values.length, 1]);

test('eq. 1: D tells real from fake, real targets smoothed on one side', () => {
  const expected =
    sum(REAL.map((s) => -0.9 * log(sigmoid(s)) - 0.1 * log(1 - sigmoid(s)))) +
    sum(FAKE.map((s) => -log(1 - sigmoid(s))));
  const loss = discriminatorLoss(column(REAL), column(FAKE), 0.9);
  expect(value(loss.sum)).toBeCloseTo(expected, 5);
  expect(value(loss.mean)).toBeCloseTo(expected / 3, 5);
});

test('eq. 2: G is right when D takes its rows for real', () => {
  const loss = adversarialLoss(column(FAKE));
  expect(value(loss.sum)).toBeCloseTo(sum(FAKE.map((s) => -log(sigmoid(s)))), 5);
});

test('extreme logits stay finite', () => {
  const loss = discriminatorLoss(column([80, -80]), column([80, -80]), 0.9);
  expect(value(loss.sum)).toBeCloseTo(0.1 * 80 + 0.9 * 80 + 80, 3);
});

const LOGITS = [
  [1.2, -0.4, 0.3],
  [0.1, 2.0, -1.0],
];
const logSoftmax = (row: readonly number[], k: number): number => row[k]! - log(sum(row.map(Math.exp)));

test('eq. 3: cross-entropy of the class head', () => {
  const targets = tensor([1, 0, 0, 0, 0, 1], [2, 3]);
  const expected = -logSoftmax(LOGITS[0]!, 0) - logSoftmax(LOGITS[1]!, 2);
  const loss = classLoss(tensor(LOGITS.flat(), [2, 3]), targets);
  expect(value(loss.sum)).toBeCloseTo(expected, 5);
  expect(value(loss.mean)).toBeCloseTo(expected / 2, 5);
});

test("eq. 5, C's part: rows of weight 0 take no part, smoothing moves targets towards the uniform", () => {
  const targets = tensor([0, 1, 0, 1, 0, 0], [2, 3]);
  const logits = tensor(LOGITS.flat(), [2, 3]);
  const only = weightedClassLoss(logits, targets, tensor([1, 0]), 0);
  expect(value(only.sum)).toBeCloseTo(-logSoftmax(LOGITS[0]!, 1), 5);
  expect(value(only.mean)).toBeCloseTo(-logSoftmax(LOGITS[0]!, 1), 5);
  const smooth = weightedClassLoss(logits, targets, tensor([1, 0]), 0.3);
  const expected = sum([0, 1, 2].map((k) => -(0.7 * (k === 1 ? 1 : 0) + 0.1) * logSoftmax(LOGITS[0]!, k)));
  expect(value(smooth.sum)).toBeCloseTo(expected, 5);
});

/** Pearson correlation of two lists. */
function pearson(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => sum(values) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const product = sum(a.map((x, i) => (x - ma) * (b[i]! - mb)));
  return product / Math.sqrt(sum(a.map((x) => (x - ma) ** 2)) * sum(b.map((x) => (x - mb) ** 2)));
}

const A = [0.2, -0.5, 0.9, 0.4, 0.1, -0.3];
const B = [0.5, -0.1, 0.3, 0.8, -0.9, 0.2];
const rows = (values: readonly number[], channels: number): Tensor =>
  reshape(tensor([...values]), [1, channels, values.length / channels, 1]);

test('eq. 4: one channel gives the Pearson correlation; several the mean of theirs', () => {
  expect(value(rowCorrelation(rows(A, 1), rows(B, 1)))).toBeCloseTo(pearson(A, B), 5);
  const expected = (pearson(A.slice(0, 3), B.slice(0, 3)) + pearson(A.slice(3), B.slice(3))) / 2;
  expect(value(rowCorrelation(rows(A, 2), rows(B, 2)))).toBeCloseTo(expected, 5);
});

test('eq. 4: scale and offset of a channel do not matter; a constant channel is no NaN', () => {
  const scaled = A.map((x, i) => (i < 3 ? 5 * x + 2 : 0.1 * x - 1));
  expect(value(rowCorrelation(rows(scaled, 2), rows(A, 2)))).toBeCloseTo(1, 4);
  expect(Number.isFinite(value(rowCorrelation(rows([1, 1, 1], 1), rows([0, 1, 2], 1))))).toBe(true);
});

test('eq. 4: the loss is 1 - r with the printed target, and a hinge with another', () => {
  expect(value(correlationLoss(tensor([0.2, 0.6]), tensor([1, 1])))).toBeCloseTo(0.6, 5);
  expect(value(correlationLoss(tensor([0.2, 0.6]), tensor([0.5, 0.5])))).toBeCloseTo(0.15, 5);
});

test('eq. 6: the weighted sum of the terms, each as its reduction says; weight 0 leaves one out', () => {
  const loss = (total: number, mean: number) => ({ sum: tensor(total), mean: tensor(mean) });
  const terms = {
    adversarial: loss(3, 1),
    classification: loss(5, 2),
    correlation: tensor(0.5),
    joint: loss(7, 4),
  };
  const weights = { adversarial: 1, classification: 2, correlation: 3, joint: 10 };
  expect(value(jointLoss(terms, weights, 'sum'))).toBeCloseTo(3 + 10 + 1.5 + 70, 5);
  expect(value(jointLoss(terms, weights, 'mean'))).toBeCloseTo(1 + 4 + 1.5 + 40, 5);
  expect(value(jointLoss(terms, { ...weights, joint: 0 }, 'sum'))).toBeCloseTo(14.5, 5);
});

const Z1 = [0.5, -1, 2, 0.1];
const Z2 = [0.2, 1, -1, 0.3];
const images = (values: readonly number[]): Tensor => tensor([...values], [2, 1, 3, 1]);

test('mode seeking: the distance of two latent vectors over that of their rows, pair by pair', () => {
  const distance = (a: readonly number[], b: readonly number[], row: number, size: number): number =>
    sum(a.slice(row * size, (row + 1) * size).map((x, i) => Math.abs(x - b[row * size + i]!))) / size;
  const ratios = [0, 1].map((row) => distance(Z1, Z2, row, 2) / distance(A, B, row, 3));
  const loss = modeSeekingLoss(tensor(Z1, [2, 2]), tensor(Z2, [2, 2]), images(A), images(B));
  // Four digits: the authors' epsilon of 1e-5 is part of the loss.
  expect(value(loss.sum) / sum(ratios)).toBeCloseTo(1, 4);
  expect(value(loss.mean) / (sum(ratios) / 2)).toBeCloseTo(1, 4);
});

test('mode seeking: rows that do not depend on z cost most, and stay finite', () => {
  const loss = modeSeekingLoss(tensor(Z1, [2, 2]), tensor(Z2, [2, 2]), images(A), images(A));
  expect(value(loss.mean)).toBeCloseTo(1e5, -2);
});
