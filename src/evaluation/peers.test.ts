/** Scores of scikit-learn and NumPy on fixed cases; test/fixtures/evaluation/generate.py wrote them. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { evaluate } from './metrics.ts';
import { fitTemperature } from './temperature.ts';

interface Case {
  readonly name: string;
  readonly classes: number;
  readonly labels: readonly number[];
  readonly probabilities: readonly number[];
  readonly expected: Readonly<
    Record<
      | 'accuracy'
      | 'macroAccuracy'
      | 'macroAuc'
      | 'macroF1'
      | 'mcc'
      | 'brier'
      | 'logLoss'
      | 'ece'
      | 'temperature',
      number
    >
  > & {
    readonly auc: readonly (number | null)[];
    readonly f1: readonly number[];
    readonly precision: readonly number[];
    readonly confusion: readonly (readonly number[])[];
    readonly reliability: readonly { rows: number; confidence: number; accuracy: number }[];
  };
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../test/fixtures/evaluation/metrics.json', import.meta.url), 'utf8'),
) as { cases: readonly Case[] };

/** Probabilities are multiples of 1/4096: both sides add up the same numbers, in another order. */
const DIGITS = 12;

test.each(cases)(
  '$name: every score is that of scikit-learn',
  ({ classes, labels, probabilities, expected }) => {
    const found = evaluate({
      probabilities: Float32Array.from(probabilities),
      labels: Uint8Array.from(labels),
      classNames: Array.from({ length: classes }, (_, k) => `class ${k}`),
      trainPriors: new Array<number>(classes).fill(1 / classes),
    });
    const scores = [
      'accuracy',
      'macroAccuracy',
      'macroAuc',
      'macroF1',
      'mcc',
      'brier',
      'logLoss',
      'ece',
    ] as const;
    for (const score of scores) expect(found[score], score).toBeCloseTo(expected[score], DIGITS);
    expect(found.confusion.map(({ counts }) => counts)).toEqual(expected.confusion);
    found.perClass.forEach(({ auc, f1, precision }, k) => {
      if (expected.auc[k] === null) expect(auc).toBeNull();
      else expect(auc).toBeCloseTo(expected.auc[k]!, DIGITS);
      // Undefined is null here, and 0 there.
      expect(f1 ?? 0).toBeCloseTo(expected.f1[k]!, DIGITS);
      expect(precision ?? 0).toBeCloseTo(expected.precision[k]!, DIGITS);
    });
    expect(found.reliability).toHaveLength(expected.reliability.length);
    found.reliability!.forEach(({ rows, confidence, accuracy }, bin) => {
      expect(rows).toBe(expected.reliability[bin]!.rows);
      expect(confidence).toBeCloseTo(expected.reliability[bin]!.confidence, DIGITS);
      expect(accuracy).toBeCloseTo(expected.reliability[bin]!.accuracy, DIGITS);
    });
  },
);

test.each(cases)('$name: the temperature is that of a bounded search by SciPy', (one) => {
  const probabilities = Float32Array.from(one.probabilities);
  const temperature = fitTemperature(probabilities, Uint8Array.from(one.labels), one.classes);
  // The search sees values of the loss, whose minimum it can tell to the root of the rounding error.
  expect(Math.abs(Math.log(temperature / one.expected.temperature))).toBeLessThan(1e-6);
});
