/** What must not change a score. */
import { expect, test } from 'vitest';
import { fillUniform, integerAt, permutation, randomKey } from '../random.ts';
import { type Evaluation, evaluate } from './metrics.ts';

const CLASSES = 4;
const ROWS = 150;
const NAMES = ['a', 'b', 'c', 'd'];
const PRIORS = [0.4, 0.3, 0.2, 0.1];

interface Task {
  readonly probabilities: Float32Array;
  readonly labels: Uint8Array;
  readonly classNames: readonly string[];
  readonly trainPriors: readonly number[];
  readonly groups: readonly number[];
  readonly clips: readonly number[];
}

function draw(seed: number): Task {
  const probabilities = fillUniform(randomKey(seed, 'test/p'), new Float32Array(ROWS * CLASSES));
  for (let start = 0; start < probabilities.length; start += CLASSES) {
    const row = probabilities.subarray(start, start + CLASSES);
    const total = row.reduce((sum, value) => sum + value, 0);
    row.forEach((value, k) => {
      row[k] = value / total;
    });
  }
  const groups = Array.from({ length: ROWS }, (_, row) => integerAt(randomKey(seed, 'test/groups'), row, 12));
  // One label per group and clip.
  const clips = Array.from({ length: ROWS }, (_, row) => integerAt(randomKey(seed, 'test/clips'), row, 3));
  const labels = Uint8Array.from(groups, (group, row) => (3 * group + clips[row]!) % CLASSES);
  return { probabilities, labels, classNames: NAMES, trainPriors: PRIORS, groups, clips };
}

/** All numbers of two evaluations, to what adding up in another order changes. */
function expectAlike(found: unknown, wanted: unknown, path = 'evaluation'): void {
  if (typeof wanted === 'number') expect(found, path).toBeCloseTo(wanted, 10);
  else if (typeof wanted === 'object' && wanted !== null) {
    expect(Object.keys(found as object), path).toEqual(Object.keys(wanted));
    for (const [key, value] of Object.entries(wanted))
      expectAlike((found as Record<string, unknown>)[key], value, `${path}.${key}`);
  } else expect(found, path).toEqual(wanted);
}

const gather = <T>(values: ArrayLike<T>, order: Uint32Array): T[] => Array.from(order, (at) => values[at]!);

test.each([1, 2, 3])('the order of the rows changes no score (seed %i)', (seed) => {
  const task = draw(seed);
  const order = permutation(randomKey(seed, 'test/order'), ROWS);
  const moved: Task = {
    ...task,
    labels: Uint8Array.from(gather(task.labels, order)),
    probabilities: Float32Array.from(
      Array.from(order, (row) => [...task.probabilities.subarray(row * CLASSES, (row + 1) * CLASSES)]).flat(),
    ),
    groups: gather(task.groups, order),
    clips: gather(task.clips, order),
  };
  const wanted = evaluate(task);
  expect(wanted.clips).toBeDefined();
  expectAlike(evaluate(moved), wanted);
});

test.each([1, 2, 3])(
  'another order of the classes moves the scores per class and changes no other (seed %i)',
  (seed) => {
    const task = draw(seed);
    // Class k of the new order is class order[k] of the old one.
    const order = permutation(randomKey(seed, 'test/classes'), CLASSES);
    const place = Uint32Array.from(order.keys()).map((k) => order.indexOf(k));
    const renamed: Task = {
      ...task,
      classNames: gather(NAMES, order),
      trainPriors: gather(PRIORS, order),
      labels: task.labels.map((label) => place[label]!),
      probabilities: task.probabilities.map((_, at, all) => all[at - (at % CLASSES) + order[at % CLASSES]!]!),
    };
    const wanted = evaluate(task);
    const movedScores = <T extends Pick<Evaluation, 'perClass' | 'confusion'>>(score: T): T => ({
      ...score,
      perClass: gather(score.perClass, order),
      confusion: gather(score.confusion, order).map(({ counts }) => ({ counts: gather(counts, order) })),
    });
    const { priorCorrected } = wanted;
    expectAlike(evaluate(renamed), { ...movedScores(wanted), priorCorrected: movedScores(priorCorrected) });
  },
);

test('names of groups and clips change nothing but the names', () => {
  const task = draw(4);
  const wanted = evaluate(task);
  // Another order of ids is another draw of the bootstrap; the same order is the same.
  const found = evaluate({
    ...task,
    groups: task.groups.map((id) => 10 * id + 3),
    clips: task.clips.map((id) => 9 - id),
  });
  expect(found.macroAccuracyInterval).toEqual(wanted.macroAccuracyInterval);
  expect(found.clips).toEqual(wanted.clips);
  expect(found.groups!.worst.map(({ group }) => (group - 3) / 10)).toEqual(
    wanted.groups!.worst.map(({ group }) => group),
  );
});

test('two classes: a score of one class is that of the other turned round', () => {
  const { probabilities } = draw(5);
  const pairs = Float32Array.from({ length: 2 * ROWS }, (_, at) => {
    const p = probabilities[(at >> 1) * CLASSES]!;
    return at % 2 === 0 ? p : 1 - p;
  });
  const labels = Uint8Array.from({ length: ROWS }, (_, row) => ((row * 7) % 3 === 0 ? 1 : 0));
  const { perClass } = evaluate({
    probabilities: pairs,
    labels,
    classNames: ['a', 'b'],
    trainPriors: [0.5, 0.5],
  });
  // 1 - p rounds to float32, which can join two scores into a tie.
  expect(perClass[0]!.auc).toBeCloseTo(perClass[1]!.auc!, 6);
});
