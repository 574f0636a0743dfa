import { expect, test } from 'vitest';
import { rocAuc } from './auc.ts';
import { evaluate } from './metrics.ts';
import { correctPriors } from './prior-correction.ts';

const CLASSES = ['a', 'b', 'c'];
const PRIORS = [0.6, 0.3, 0.1];
/** Rows of probabilities with their labels. */
const ROWS: [number[], number][] = [
  [[0.7, 0.2, 0.1], 0],
  [[0.5, 0.3, 0.2], 0],
  [[0.2, 0.5, 0.3], 0],
  [[0.3, 0.6, 0.1], 1],
  [[0.6, 0.2, 0.2], 1],
  [[0.1, 0.3, 0.6], 2],
];
const run = (rows: readonly [number[], number][] = ROWS) =>
  evaluate({
    probabilities: Float32Array.from(rows.flatMap(([row]) => row)),
    labels: Uint8Array.from(rows, ([, label]) => label),
    classNames: CLASSES,
    trainPriors: PRIORS,
  });

test('accuracy, recall per class, confusion, precision and F1', () => {
  const { accuracy, macroAccuracy, perClass, confusion, rows, macroF1 } = run();
  expect(rows).toBe(6);
  expect(accuracy).toBeCloseTo(4 / 6, 9);
  expect(macroAccuracy).toBeCloseTo((2 / 3 + 1 / 2 + 1) / 3, 9);
  expect(confusion.map(({ counts }) => counts)).toEqual([
    [2, 1, 0],
    [1, 1, 0],
    [0, 0, 1],
  ]);
  expect(perClass[0]).toMatchObject({ name: 'a', rows: 3, accuracy: 2 / 3, precision: 2 / 3, f1: 2 / 3 });
  expect(macroF1).toBeCloseTo((2 / 3 + 0.5 + 1) / 3, 9);
});

test('proper scores', () => {
  const { brier, logLoss, mcc } = run();
  const square = ROWS.map(([row, label]) =>
    row.reduce((sum, p, k) => sum + (p - (k === label ? 1 : 0)) ** 2, 0),
  );
  expect(brier).toBeCloseTo(square.reduce((sum, each) => sum + each, 0) / 6, 6);
  expect(logLoss).toBeCloseTo(
    -[0.7, 0.5, 0.2, 0.6, 0.2, 0.6].reduce((sum, p) => sum + Math.log(p), 0) / 6,
    5,
  );
  // (right x total - sum of margins' products) / sqrt(...), with margins (3, 2, 1) and (3, 2, 1).
  expect(mcc).toBeCloseTo((4 * 6 - 14) / (36 - 14), 9);
});

test('expected calibration error: confidence minus accuracy by bin', () => {
  const certain: [number[], number][] = [
    [[1, 0, 0], 0],
    [[1, 0, 0], 1],
  ];
  expect(run(certain).ece).toBeCloseTo(0.5, 9);
  expect(run([[[1, 0, 0], 0]]).ece).toBeCloseTo(0, 9);
});

test('AUC by ranks, ties at half, undefined without both sides', () => {
  expect(rocAuc([0.1, 0.4, 0.35, 0.8], (row) => row === 1 || row === 3)).toBe(1);
  expect(rocAuc([0.1, 0.4, 0.35, 0.8], (row) => row >= 2)).toBe(0.75);
  expect(rocAuc([0.5, 0.5, 0.5], (row) => row === 0)).toBe(0.5);
  expect(rocAuc([0.1, 0.2], () => true)).toBeNull();
});

test('a class without rows has no score, and takes no part in the means', () => {
  const { perClass, macroAccuracy, macroAuc } = run(ROWS.filter(([, label]) => label !== 2));
  expect(perClass[2]).toMatchObject({ rows: 0, accuracy: null, auc: null });
  expect(macroAccuracy).toBeCloseTo((2 / 3 + 1 / 2) / 2, 9);
  expect(macroAuc).toBeCloseTo(((perClass[0]!.auc ?? 0) + (perClass[1]!.auc ?? 0)) / 2, 9);
});

test('prior correction divides by the priors and normalises, and can change the answer', () => {
  const [a, b, c] = correctPriors(Float32Array.of(0.6, 0.3, 0.1), PRIORS) as unknown as [
    number,
    number,
    number,
  ];
  for (const share of [a, b, c]) expect(share).toBeCloseTo(1 / 3, 6);
  const { priorCorrected } = run([[[0.6, 0.25, 0.15], 2]]);
  expect(priorCorrected.accuracy).toBe(1);
});

test('what cannot be scored is refused', () => {
  expect(() => run([])).toThrow('labels: found 0 rows');
  expect(() => run([[[Number.NaN, 0, 1], 0]])).toThrow('probabilities[0]: found NaN');
  expect(() => run([[[0.5, 0.5], 0]])).toThrow('2 values; allowed: 1 x 3');
});
