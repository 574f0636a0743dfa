import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../../random.ts';
import { separateClasses } from './class-separation.ts';
import { embed } from './embed.ts';
import { principalComponents } from './principal-components.ts';

const normal = (count: number, purpose = 'test'): Float32Array =>
  fillNormal(randomKey(1, purpose), new Float32Array(count));

test('principal components: largest variance first, uncorrelated, distances of a plane kept', () => {
  const rows = 60;
  const [a, b] = [normal(rows, 'a'), normal(rows, 'b')];
  const directions = [normal(30, 'u'), normal(30, 'v')];
  const values = new Float32Array(rows * 30);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < 30; i++)
      values[row * 30 + i] = 5 * a[row]! * directions[0]![i]! + b[row]! * directions[1]![i]! + 3;
  const scores = principalComponents(values, rows, 2, 1);
  const moment = (p: number, q: number): number =>
    scores.reduce((sum, score) => sum + score[p]! * score[q]!, 0) / rows;
  expect(moment(0, 0)).toBeGreaterThan(moment(1, 1));
  // Relative to the variances; inputs are float32.
  expect(Math.abs(moment(0, 1)) / Math.sqrt(moment(0, 0) * moment(1, 1))).toBeLessThan(1e-4);
  const distance = (get: (row: number, i: number) => number, size: number): number =>
    Math.sqrt(Array.from({ length: size }, (_, i) => (get(3, i) - get(7, i)) ** 2).reduce((x, y) => x + y));
  expect(distance((row, i) => scores[row]![i]!, 2)).toBeCloseTo(
    distance((row, i) => values[row * 30 + i]!, 30),
    3,
  );
});

/** Two classes of 40 rows around 0 and around `gap`, in five dimensions. */
function twoClouds(gap: number): { values: Float32Array; labels: Uint8Array } {
  const labels = Uint8Array.from({ length: 80 }, (_, row) => row % 2);
  const values = normal(80 * 5).map((value, at) => value + gap * labels[Math.floor(at / 5)]!);
  return { values, labels };
}

test('clouds that are apart stay apart in the embedding, and the same seed gives the same places', async () => {
  const { values, labels } = twoClouds(20);
  const places = await embed(values, 80, 1, async () => {});
  expect(separateClasses(places, labels, 2, 10).purity).toBe(1);
  expect(await embed(values, 80, 1, async () => {})).toEqual(places);
  expect(await embed(values, 80, 2, async () => {})).not.toEqual(places);
});

test('silhouette and purity in closed form on a line', () => {
  // Class 0 at 0 and 1, class 1 at 4 and 6.
  const { silhouette, purity } = separateClasses(
    Float32Array.of(0, 1, 4, 6),
    Uint8Array.of(0, 0, 1, 1),
    2,
    1,
  );
  const class0 = ((5 - 1) / 5 + (4 - 1) / 4) / 2;
  const class1 = ((3.5 - 2) / 3.5 + (5.5 - 2) / 5.5) / 2;
  expect(silhouette).toBeCloseTo((class0 + class1) / 2, 12);
  expect(purity).toBe(1);
});

test('classes that overlap have neither, and a large class does not stand for all', () => {
  const { values, labels } = twoClouds(0);
  const { silhouette, purity } = separateClasses(values, labels, 2, 10);
  expect(Math.abs(silhouette)).toBeLessThan(0.05);
  expect(purity).toBeGreaterThan(0.35);
  expect(purity).toBeLessThan(0.65);
  // Nine rows of class 0 in one place, one row of class 1 among them: half of the classes is pure.
  const lopsided = separateClasses(
    Float32Array.from({ length: 10 }, (_, i) => i),
    Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 0),
    2,
    1,
  );
  expect(lopsided.purity).toBeLessThan(0.5);
  expect(lopsided.purity).toBeGreaterThan(0.35);
});

test('with groups, neighbours are those of other groups', () => {
  // Two recordings, one per class, and two more the other way round: next to each other lie rows of one recording alone.
  const values = Float32Array.of(0, 0.1, 5, 5.1, 0.5, 5.5);
  const labels = Uint8Array.of(0, 0, 1, 1, 1, 0);
  const groups = [1, 1, 2, 2, 3, 4];
  expect(separateClasses(values, labels, 2, 1).purity).toBeCloseTo(2 / 3, 12);
  expect(separateClasses(values, labels, 2, 1, groups).purity).toBe(0);
});
