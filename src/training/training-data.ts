import { createBalancedBatches, createNaturalBatches, rowsByClass } from '../data/batches.ts';
import type { ChannelLimits, Dataset, Split } from '../data/dataset.ts';
import { fitLimits, scaleRows } from '../data/scaling.ts';
import { VigilError } from '../errors.ts';
import { randomKey, wordAt } from '../random.ts';
import type { TrainingOptions } from './options.ts';

/** What a trainer needs of a dataset: scaled values, and which rows go into which batch. */
export interface TrainingData {
  readonly dataset: Dataset;
  readonly split: Split;
  /** Fitted on training rows only. */
  readonly limits: ChannelLimits;
  /** All rows of the dataset in [-1, 1], `[rows, channels, steps]`. */
  readonly scaled: Float32Array;
  /** Training rows of every class. */
  readonly byClass: readonly Uint32Array[];
  /** Training rows per class. */
  readonly classRows: readonly number[];
  /** Iterations per epoch: ceil(training rows / batch size). */
  readonly iterations: number;
  /** Rows of C's batch, and of D's and G's, at an iteration counted from the start of the run. */
  classifierBatch(iteration: number): Uint32Array;
  /** Instead of C's batch: as many rows of every class. */
  balancedClassifierBatch(iteration: number): Uint32Array;
  adversarialBatch(iteration: number): Uint32Array;
}

/** Errors: DATASET_UNSUITABLE when a class has no training row or a side of the split is empty. */
export function prepareData(dataset: Dataset, split: Split, options: TrainingOptions): TrainingData {
  for (const [side, rows] of Object.entries(split)) {
    if (rows.length === 0)
      throw VigilError.field(`split.${side}`, '0 rows', 'at least 1', 'DATASET_UNSUITABLE');
  }
  const byClass = rowsByClass(dataset, split.train);
  byClass.forEach((rows, label) => {
    if (rows.length > 0) return;
    const found = `no training row of class ${dataset.classNames[label]}`;
    throw VigilError.field('split.train', found, 'at least 1 of every class', 'DATASET_UNSUITABLE');
  });
  const limits = fitLimits(dataset, split.train, options.limits);
  const { batchSize, seed } = options;
  // A stream of its own, so that D and G do not see C's batches.
  const adversarialSeed = wordAt(randomKey(seed, 'adversarial-batches'), 0);
  const adversarial =
    options.ganBatches === 'balanced'
      ? createBalancedBatches({ rowsByClass: byClass, batchSize, seed: adversarialSeed })
      : createNaturalBatches({ rows: split.train, batchSize, seed: adversarialSeed });
  return {
    dataset,
    split,
    limits,
    scaled: scaleRows(dataset.values, limits, dataset.steps),
    byClass,
    classRows: byClass.map((rows) => rows.length),
    iterations: Math.ceil(split.train.length / batchSize),
    classifierBatch: createNaturalBatches({ rows: split.train, batchSize, seed }),
    balancedClassifierBatch: createBalancedBatches({ rowsByClass: byClass, batchSize, seed }),
    adversarialBatch: adversarial,
  };
}

/** Shares of the classes among the training rows, `[classes]`. */
export function priorsOf({ classRows }: TrainingData): number[] {
  const total = classRows.reduce((sum, rows) => sum + rows, 0);
  return classRows.map((rows) => rows / total);
}
