import { expect, test } from 'vitest';
import { fillUniform, integerAt, randomKey } from '../../random.ts';
import { evaluate } from '../metrics.ts';
import { compareAnswers, type HeldOutAnswers, isWorse } from './compare.ts';
import { WeightedScores } from './weighted-scores.ts';

const CLASSES = 3;
const PRIORS = [0.6, 0.3, 0.1];

/** Rows whose label gets `lift` on top of noise; many ties, because values are rounded. */
function answersOf(labels: Uint8Array, lift: number, seed: number): Float32Array {
  const noise = fillUniform(randomKey(seed, 'answers'), new Float32Array(labels.length * CLASSES));
  labels.forEach((label, row) => {
    noise[row * CLASSES + label]! += lift;
    const part = noise.subarray(row * CLASSES, (row + 1) * CLASSES);
    const total = part.reduce((sum, value) => sum + value, 0);
    part.forEach((value, k) => {
      part[k] = Math.round((20 * value) / total) / 20;
    });
  });
  return noise;
}

const labelsOf = (rows: number): Uint8Array =>
  Uint8Array.from({ length: rows }, (_, row) => integerAt(randomKey(1, 'labels'), row, CLASSES));

test('scores with repeats are those of the repeated rows', () => {
  const labels = labelsOf(60);
  const probabilities = answersOf(labels, 0.3, 2);
  const scores = new WeightedScores(probabilities, labels, CLASSES);
  for (let resample = 0; resample < 5; resample++) {
    const rows = Array.from(labels, (_, i) => integerAt(randomKey(resample, 'rows'), i, labels.length));
    const counts = new Uint32Array(labels.length);
    for (const row of rows) counts[row]! += 1;
    const whole = evaluate({
      probabilities: Float32Array.from(
        rows.flatMap((row) => [...probabilities.subarray(row * CLASSES, (row + 1) * CLASSES)]),
      ),
      labels: Uint8Array.from(rows, (row) => labels[row]!),
      classNames: ['a', 'b', 'c'],
      trainPriors: PRIORS,
    });
    const { accuracy, macroAccuracy } = scores.decisions(counts);
    expect(accuracy).toBeCloseTo(whole.accuracy, 12);
    expect(macroAccuracy).toBeCloseTo(whole.macroAccuracy, 12);
    expect(scores.macroAuc(counts)).toBeCloseTo(whole.macroAuc!, 12);
  }
});

test('a class without rows takes no part, and without any second class there is no AUC', () => {
  const labels = Uint8Array.of(0, 0, 2);
  const probabilities = Float32Array.from([0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0.1, 0.1, 0.8]);
  const scores = new WeightedScores(probabilities, labels, CLASSES);
  expect(scores.decisions(Uint32Array.of(1, 1, 1)).macroAccuracy).toBe((0.5 + 1) / 2);
  expect(scores.decisions(Uint32Array.of(1, 1, 0)).macroAccuracy).toBe(0.5);
  expect(scores.macroAuc(Uint32Array.of(1, 1, 1))).toBe(1);
  expect(scores.macroAuc(Uint32Array.of(2, 3, 0))).toBeNull();
});

function heldOut(rows: number, lifts: readonly [number, number], groups?: Int32Array): HeldOutAnswers {
  const labels = labelsOf(rows);
  return {
    labels,
    groups,
    classes: CLASSES,
    candidate: { probabilities: answersOf(labels, lifts[0], 2), trainPriors: PRIORS },
    stable: { probabilities: answersOf(labels, lifts[1], 3), trainPriors: PRIORS },
  };
}

test('a planted difference is seen on either side, and its sign is candidate minus stable', () => {
  const worse = compareAnswers(heldOut(600, [0.1, 0.5]));
  expect(worse.macroAccuracy.interval.high).toBeLessThan(0);
  expect(worse.macroAuc!.interval.high).toBeLessThan(0);
  expect(worse.macroAccuracy.mean).toBeCloseTo(
    worse.candidate.macroAccuracy - worse.stable.macroAccuracy,
    12,
  );
  expect(isWorse(worse)).toBe(true);
  const better = compareAnswers(heldOut(600, [0.5, 0.1]));
  expect(better.macroAccuracy.interval.low).toBeGreaterThan(0);
  expect(isWorse(better)).toBe(false);
});

test('the same answers differ by nothing', () => {
  const answers = heldOut(100, [0.3, 0.3]);
  const { macroAccuracy, macroAuc } = compareAnswers({ ...answers, stable: answers.candidate });
  expect(macroAccuracy).toEqual({ mean: 0, interval: { low: 0, high: 0 } });
  expect(macroAuc).toEqual({ mean: 0, interval: { low: 0, high: 0 } });
});

test('rows of one subject are no independent evidence: whole groups are resampled', () => {
  // Twenty subjects; the candidate is wrong on everything of a quarter of them.
  const rows = 400;
  const labels = labelsOf(rows);
  const groups = Int32Array.from({ length: rows }, (_, row) => row % 20);
  const right = Float32Array.from({ length: rows * CLASSES }, (_, i) =>
    labels[Math.floor(i / CLASSES)] === i % CLASSES ? 0.8 : 0.1,
  );
  const wrong = right.map((value, i) => {
    const row = Math.floor(i / CLASSES);
    if (groups[row]! >= 5) return value;
    return (labels[row]! + 1) % CLASSES === i % CLASSES ? 0.8 : 0.1;
  });
  const answers = {
    labels,
    classes: CLASSES,
    candidate: { probabilities: wrong, trainPriors: PRIORS },
    stable: { probabilities: right, trainPriors: PRIORS },
  };
  const byGroup = compareAnswers({ ...answers, groups });
  const byRow = compareAnswers({ ...answers, groups: undefined });
  expect(byGroup).toMatchObject({ clusteredBy: 'group', clusters: 20, rows });
  expect(byRow).toMatchObject({ clusteredBy: 'row', clusters: 300 });
  const width = ({ macroAccuracy: { interval } }: typeof byRow): number => interval.high - interval.low;
  expect(width(byGroup)).toBeGreaterThan(3 * width(byRow));
});

test('of a single subject rows are resampled, and of very many rows blocks', () => {
  const one = compareAnswers(heldOut(40, [0.3, 0.3], new Int32Array(40)));
  expect(one).toMatchObject({ clusteredBy: 'row', clusters: 40 });
  expect(compareAnswers(heldOut(700, [0.3, 0.3])).clusters).toBe(300);
});

test('the rule: worse beyond doubt, or by more than 0.01 whatever the interval', () => {
  const of = (mean: number, low: number, high: number) =>
    isWorse({
      ...compareAnswers(heldOut(20, [0.3, 0.3])),
      macroAccuracy: { mean, interval: { low, high } },
    });
  expect(of(-0.005, -0.009, -0.001)).toBe(true);
  expect(of(-0.011, -0.05, 0.03)).toBe(true);
  expect(of(-0.01, -0.05, 0.03)).toBe(false);
  expect(of(0.8 - 0.81, -0.05, 0.03)).toBe(false);
  expect(of(-0.005, -0.02, 0)).toBe(false);
  expect(of(0.02, -0.01, 0.05)).toBe(false);
});
