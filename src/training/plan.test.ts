import { expect, test } from 'vitest';
import { planAugmentation, syntheticClasses } from './augmentation.ts';
import { parseTrainingOptions } from './options.ts';
import { classifierRate, planEpochs } from './plan.ts';
import { REGIMES } from './regimes/table.ts';

const ITERATIONS = 10;

test("augmentation makes up each class's deficit: 5.56 and 3.82 rows per 16 with the paper's counts", () => {
  const plan = planAugmentation([10_639, 3_650, 5_837], 16);
  expect(plan.expected[0]).toBe(0);
  expect(plan.expected[1]).toBeCloseTo(5.56, 2);
  expect(plan.expected[2]).toBeCloseTo(3.82, 2);
  expect(plan.capacity).toBe(10);
});

test('rounding is seeded, never beyond the capacity, and right on average', () => {
  const plan = planAugmentation([10_639, 3_650, 5_837], 16);
  const drawn = Array.from({ length: 4000 }, (_, iteration) => syntheticClasses(plan, 1, iteration));
  expect(drawn[7]).toEqual(syntheticClasses(plan, 1, 7));
  expect(Math.max(...drawn.map(({ length }) => length))).toBeLessThanOrEqual(plan.capacity);
  for (const label of [1, 2]) {
    const mean = drawn.flat().filter((each) => each === label).length / drawn.length;
    expect(mean).toBeCloseTo(plan.expected[label]!, 1);
  }
});

test('a regime is a list of phases; a frozen classifier counts no updates', () => {
  const options = parseTrainingOptions({ epochs: 4, unfreezeAfter: 1, pretrainEpochs: 2 }, 'joint_snapshot');
  const epochs = planEpochs(REGIMES.joint_snapshot, options, ITERATIONS);
  expect(epochs.map(({ phase, restart }) => [phase.name, restart])).toEqual([
    ['pretrain', false],
    ['pretrain', false],
    ['frozen', 'snapshot'],
    ['joint', false],
    ['joint', false],
    ['joint', false],
  ]);
  expect(epochs.map(({ updatesBefore }) => updatesBefore)).toEqual([0, 10, 0, 0, 10, 20]);
  expect(epochs.map(({ updatesInAll }) => updatesInAll)).toEqual([20, 20, 30, 30, 30, 30]);
});

test('the rate falls by half a cosine over the updates, to nothing at the end', () => {
  const options = parseTrainingOptions({ epochs: 4, classifierLearningRate: 1e-3 }, 'joint_scratch');
  const epochs = planEpochs(REGIMES.joint_scratch, options, ITERATIONS);
  const rates = epochs.flatMap((epoch) =>
    Array.from({ length: ITERATIONS }, (_, at) => classifierRate(options, epoch, at)),
  );
  expect(rates[0]).toBeCloseTo(1e-3, 12);
  expect(rates[20]).toBeCloseTo(5e-4, 12);
  expect(rates.at(-1)!).toBeLessThan(1e-5);
  for (let i = 1; i < rates.length; i++) expect(rates[i]!).toBeLessThan(rates[i - 1]!);
  const constant = parseTrainingOptions({ epochs: 4, schedule: 'constant' }, 'joint_scratch');
  expect(classifierRate(constant, epochs[3]!, 9)).toBe(1e-4);
});
