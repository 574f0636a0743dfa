import { expect, test } from 'vitest';
import { fillUniform, randomKey } from '../random.ts';
import { type LevelRule, nextLevel } from './levels.ts';

/** Classes: alert, tired, drowsy. */
const rules: LevelRule[] = [
  { name: 'tired', classes: [1], enter: 0.6, leave: 0.4 },
  { name: 'drowsy', classes: [2], enter: 0.7, leave: 0.3 },
];
const walk = (scores: readonly (readonly number[])[]): number[] => {
  let level = 0;
  return scores.map((probabilities) => {
    level = nextLevel(level, probabilities, rules);
    return level;
  });
};

test('enters at one score and leaves at a lower one', () => {
  const tired = (p: number): number[] => [1 - p, p, 0];
  expect(walk([0.59, 0.6, 0.41, 0.4, 0.39, 0.59].map(tired))).toEqual([0, 1, 1, 1, 0, 0]);
});

test('goes up and down by more than one level at once', () => {
  expect(
    walk([
      [0, 0, 1],
      [1, 0, 0],
    ]),
  ).toEqual([2, 0]);
});

test('the classes of higher levels count for lower ones', () => {
  // Neither class alone reaches its level; together they are tired.
  expect(walk([[0.3, 0.35, 0.35]])).toEqual([1]);
  // Drowsy is left; what remains is still enough to stay tired.
  expect(
    walk([
      [0, 0, 1],
      [0.55, 0.2, 0.25],
    ]),
  ).toEqual([2, 1]);
});

test('a score between leave and enter never changes the level; without rules there is one level', () => {
  const draws = fillUniform(randomKey(1, 'test/levels'), new Float32Array(200));
  for (const level of [0, 1])
    for (const draw of draws) {
      const p = 0.4 + 0.199 * draw;
      expect(nextLevel(level, [1 - p, p, 0], rules)).toBe(level);
    }
  expect(nextLevel(0, [0, 0, 1], [])).toBe(0);
});
