import { expect, test } from 'vitest';
import { fillNormal, randomKey, uniformAt } from '../random.ts';
import { fitTemperature } from './temperature.ts';

const CLASSES = 3;

/** Softmax of `sharpness` times each row's logits. */
function probabilitiesOf(logits: Float32Array, sharpness: number): Float32Array {
  const out = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += CLASSES) {
    const weights = Array.from(logits.subarray(start, start + CLASSES), (logit) =>
      Math.exp(sharpness * logit),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    out.set(
      weights.map((weight) => weight / total),
      start,
    );
  }
  return out;
}

/** Rows whose labels are drawn from the softmax of their logits: calibrated by construction. */
function drawRows(rows: number): { logits: Float32Array; labels: Uint8Array } {
  const logits = fillNormal(randomKey(1, 'test/logits'), new Float32Array(rows * CLASSES));
  const truth = probabilitiesOf(logits, 1);
  const labels = Uint8Array.from({ length: rows }, (_, row) => {
    let left = uniformAt(randomKey(1, 'test/labels'), row);
    for (let k = 0; k < CLASSES - 1; k++) {
      left -= truth[row * CLASSES + k]!;
      if (left < 0) return k;
    }
    return CLASSES - 1;
  });
  return { logits, labels };
}

const lossOf = (probabilities: Float32Array, labels: Uint8Array): number =>
  labels.reduce((sum, label, row) => sum - Math.log(probabilities[row * CLASSES + label]!), 0) /
  labels.length;

test.each([0.4, 1, 3])('logits that are %s times too sharp get that temperature', (factor) => {
  const { logits, labels } = drawRows(4000);
  const temperature = fitTemperature(probabilitiesOf(logits, factor), labels, CLASSES);
  // 4,000 rows tell the scale of the logits to about 4 %.
  expect(Math.abs(Math.log(temperature / factor))).toBeLessThan(0.12);
});

test('no other temperature has a smaller loss on the rows', () => {
  const { logits, labels } = drawRows(200);
  const temperature = fitTemperature(probabilitiesOf(logits, 2), labels, CLASSES);
  const loss = (t: number): number => lossOf(probabilitiesOf(logits, 2 / t), labels);
  const least = loss(temperature);
  for (const factor of [0.5, 0.9, 0.99, 1.01, 1.1, 2, 1 / temperature])
    expect(loss(factor * temperature), String(factor)).toBeGreaterThan(least);
});

test('without errors, and without any skill, the temperature stays within its bounds', () => {
  const right = Float32Array.of(0.9, 0.05, 0.05, 0.05, 0.9, 0.05);
  expect(fitTemperature(right, Uint8Array.of(0, 1), CLASSES)).toBe(0.1);
  expect(fitTemperature(right, Uint8Array.of(1, 2), CLASSES)).toBe(10);
});

test('probabilities that float32 rounds to 0 and 1 still give a number', () => {
  const sure = Float32Array.of(1, 0, 0, 0, 1, 0, 1, 0, 0);
  const temperature = fitTemperature(sure, Uint8Array.of(0, 1, 2), CLASSES);
  expect(temperature).toBe(10);
});
