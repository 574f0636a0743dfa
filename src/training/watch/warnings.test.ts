import { expect, test } from 'vitest';
import type { EpochRecord } from '../../evaluation/history.ts';
import { newWarnings } from './warnings.ts';

interface Figures {
  readonly genGen?: number;
  readonly nearestRatio?: number | null;
  readonly training?: number;
  readonly updates?: number;
}

/** An epoch without findings, less what is changed: r(real,real) 0.5, validation 0.6. */
const epochOf = (epoch: number, figures: Figures = {}): EpochRecord => {
  const { genGen = 0.5, nearestRatio = 1, training = 0.7, updates = epoch } = figures;
  return {
    epoch,
    steps: epoch,
    losses: {},
    validation: { accuracy: 0.6, macroAccuracy: 0.6, macroAuc: 0.7 },
    learningRate: 1e-4,
    classifierUpdates: updates,
    seconds: 1,
    watch: {
      trainingMacroAccuracy: training,
      gradientNorms: {},
      discriminator: null,
      classes: [{ className: 'alert', realReal: 0.5, genGen, genReal: 0.4, nearestRatio }],
    },
  };
};

/** All warnings of a run. */
const warningsOf = (figures: readonly Figures[]): string[] => {
  const epochs = figures.map((each, i) => epochOf(i + 1, each));
  return epochs.flatMap((record, i) => newWarnings(epochs.slice(0, i), record));
};

test('what lasts two epochs is warned of once, however long it lasts or how often it comes back', () => {
  const collapsed = { genGen: 0.7 };
  expect(warningsOf([{}, collapsed, collapsed, collapsed, {}, collapsed, collapsed])).toEqual([
    'epoch 3: generated rows of alert are too alike: r(gen,gen) 0.70, r(real,real) 0.50; the option diversity weighs against it',
  ]);
});

test('what goes away at once is no warning, and neither is the first epoch', () => {
  expect(warningsOf([{ genGen: 1 }, {}, { genGen: 1 }, {}])).toEqual([]);
});

test('thresholds: 0.1 above real rows, a third of their spacing, 0.2 above validation', () => {
  const twice = (figures: Figures): number => warningsOf([figures, figures]).length;
  expect([0.59, 0.61].map((genGen) => twice({ genGen }))).toEqual([0, 1]);
  expect([0.34, 0.33, null].map((nearestRatio) => twice({ nearestRatio }))).toEqual([0, 1, 0]);
  expect([0.79, 0.81].map((training) => twice({ training }))).toEqual([0, 1]);
});

test('several findings are several warnings', () => {
  const bad = { genGen: 1, nearestRatio: 0, training: 1 };
  expect(warningsOf([bad, bad])).toEqual([
    expect.stringContaining('too alike'),
    expect.stringContaining('copies of training rows'),
    'epoch 2: C overfits: macro accuracy 1.00 on training rows, 0.60 on validation rows',
  ]);
});

test('the overfit of a teacher that is left behind does not hide that of the classifier after it', () => {
  const overfit = { training: 1 };
  const run = [overfit, overfit, overfit, { ...overfit, updates: 1 }, { ...overfit, updates: 2 }, overfit];
  expect(warningsOf(run).map((text) => text.slice(0, 'epoch 1'.length))).toEqual(['epoch 2', 'epoch 5']);
});
