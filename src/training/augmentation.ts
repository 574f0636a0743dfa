import { randomKey, uniformAt } from '../random.ts';

/** How many synthetic rows join a classifier batch. */
export interface AugmentationPlan {
  /** Expected rows per class and batch, `[classes]`: the class's deficit to the largest class, spread over the epoch. */
  readonly expected: readonly number[];
  /** Most rows that one batch can get: the sum of the expectations, each rounded up. */
  readonly capacity: number;
}

/** From the training rows per class: one epoch then adds exactly the missing rows, in expectation. */
export function planAugmentation(classRows: readonly number[], batchSize: number): AugmentationPlan {
  const rows = classRows.reduce((total, count) => total + count, 0);
  const largest = Math.max(...classRows);
  const expected = classRows.map((count) => ((largest - count) * batchSize) / rows);
  return { expected, capacity: expected.reduce((total, count) => total + Math.ceil(count), 0) };
}

/** Classes of the synthetic rows of one iteration: seeded stochastic rounding of the expectations. */
export function syntheticClasses({ expected }: AugmentationPlan, seed: number, iteration: number): number[] {
  const key = randomKey(seed, 'augmentation', iteration);
  return expected.flatMap((count, label) => {
    const whole = Math.floor(count);
    const more = uniformAt(key, label) < count - whole ? 1 : 0;
    return Array.from({ length: whole + more }, () => label);
  });
}
