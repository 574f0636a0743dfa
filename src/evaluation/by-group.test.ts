/** Scores by group and by clip on cases small enough to count. */
import { expect, test } from 'vitest';
import { scoreClips } from './clip-scores.ts';
import { macroAccuracyInterval, scoreGroups } from './group-scores.ts';
import { evaluate } from './metrics.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test('groups: accuracy and macro accuracy of each, the worst first, and the median', () => {
  //                     group 4: 3/4 right, recalls 2/3 and 1; group 1: all right; group 9: one class, half right
  const groups = [4, 4, 4, 4, 1, 1, 9, 9];
  const labels = bytes(0, 0, 0, 1, 0, 1, 1, 1);
  const answers = bytes(0, 0, 1, 1, 0, 1, 1, 0);
  const found = scoreGroups(labels, answers, groups, 2);
  expect(found.groups).toBe(3);
  expect(found.accuracy).toEqual({ worst: 0.5, median: 0.75 });
  expect(found.macroAccuracy.worst).toBe(0.5);
  expect(found.macroAccuracy.median).toBeCloseTo((2 / 3 + 1) / 2, 12);
  expect(found.worst.map(({ group, rows }) => [group, rows])).toEqual([
    [9, 2],
    [4, 4],
    [1, 2],
  ]);
});

test('at most 100 groups are listed, the summary is of all', () => {
  const groups = Array.from({ length: 300 }, (_, row) => Math.floor(row / 2));
  const labels = Uint8Array.from(groups, (_, row) => row % 2);
  // The last 50 groups are all wrong.
  const answers = labels.map((label, row) => (groups[row]! < 100 ? label : 1 - label));
  const found = scoreGroups(labels, answers, groups, 2);
  expect(found.groups).toBe(150);
  expect(found.worst).toHaveLength(100);
  expect(found.worst.filter(({ accuracy }) => accuracy === 0)).toHaveLength(50);
  expect(found.accuracy).toEqual({ worst: 0, median: 1 });
});

test('the interval of the macro accuracy is of groups: as wide as they differ, and undefined for one', () => {
  const groups = Array.from({ length: 200 }, (_, row) => Math.floor(row / 20));
  const labels = Uint8Array.from(groups, (_, row) => row % 2);
  const alike = labels.map((label, row) => (row % 20 < 12 ? label : 1 - label));
  const same = macroAccuracyInterval(labels, alike, groups, 2, 1)!;
  expect(same.low).toBeCloseTo(0.6, 9);
  expect(same.high).toBeCloseTo(0.6, 9);
  // The same accuracy, from six groups that are right and four that are wrong.
  const apart = labels.map((label, row) => (groups[row]! < 6 ? label : 1 - label));
  const wide = macroAccuracyInterval(labels, apart, groups, 2, 1)!;
  expect(wide.low).toBeLessThan(0.4);
  expect(wide.high).toBeGreaterThan(0.75);
  expect(macroAccuracyInterval(labels, apart, groups, 2, 1)).toEqual(wide);
  expect(macroAccuracyInterval(labels, apart, new Array(200).fill(3), 2, 1)).toBeUndefined();
});

/** Three rows of a clip of class 1: two narrow votes for 0, one sure row for 1. */
const narrow = [0.6, 0.4, 0.6, 0.4, 0, 1];

test('clips: by majority and by mean probability can differ; a tie of votes goes to the more probable class', () => {
  const ids = { groups: [0, 0, 0, 1, 1, 1], clips: [5, 5, 5, 5, 5, 5] };
  // Group 1's clip of the same id is another clip: one vote each and one for class 0 would tie without the third.
  const probabilities = Float32Array.from([...narrow, 0.9, 0.1, 0.8, 0.2, 0.3, 0.7]);
  const answers = bytes(0, 0, 1, 0, 0, 1);
  const found = scoreClips(probabilities, bytes(1, 1, 1, 0, 0, 0), answers, ids, 2)!;
  expect(found.clips).toBe(2);
  expect(found.majority).toEqual({ accuracy: 0.5, macroAccuracy: 0.5 });
  expect(found.meanProbability).toEqual({ accuracy: 1, macroAccuracy: 1 });
  const two = { groups: [0, 0], clips: [0, 0] };
  const tie = scoreClips(Float32Array.of(0.6, 0.4, 0.1, 0.9), bytes(1, 1), bytes(0, 1), two, 2)!;
  expect(tie.majority.accuracy).toBe(1);
});

test('a clip of two labels is nothing to decide as one', () => {
  const ids = { groups: [0, 0], clips: [0, 0] };
  expect(scoreClips(Float32Array.of(1, 0, 1, 0), bytes(0, 1), bytes(0, 0), ids, 2)).toBeUndefined();
});

test('an evaluation has these parts where the data have the ids, and refuses ids of another length', () => {
  const task = {
    probabilities: Float32Array.from([...narrow, 0.9, 0.1]),
    labels: bytes(1, 1, 1, 0),
    classNames: ['a', 'b'],
    trainPriors: [0.5, 0.5],
  };
  expect(evaluate(task)).toMatchObject({
    groups: undefined,
    clips: undefined,
    macroAccuracyInterval: undefined,
  });
  const full = evaluate({ ...task, groups: [1, 1, 1, 2], clips: [1, 1, 1, 2] });
  expect(full).toMatchObject({ groups: { groups: 2 }, clips: { clips: 2 } });
  expect(full.macroAccuracyInterval).toBeDefined();
  expect(() => evaluate({ ...task, groups: [1] })).toThrow('groups: found 1 ids; allowed: 4');
});
