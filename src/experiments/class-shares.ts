import { rowsByClass } from '../data/batches.ts';
import type { Dataset, Split } from '../data/dataset.ts';
import { VigilError } from '../errors.ts';
import { permutation, randomKey } from '../random.ts';

/** Parses "0.53,0.18,0.29"; shares are above 0 and add up to 1 within a hundredth, and are made to do so exactly. */
export function parseClassShares(text: string): readonly number[] {
  const shares = text.split(',').map(Number);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const fits = shares.length > 1 && shares.every((share) => share > 0) && Math.abs(total - 1) <= 0.01;
  if (fits) return shares.map((share) => share / total);
  throw VigilError.field('classShares', JSON.stringify(text), 'numbers above 0 with sum 1, one per class');
}

/**
 * The split with training rows left out until the classes have the given shares: of each class a seeded sample, as many
 * rows in all as the shares allow. Validation and test rows stay as they are. Errors: FIELD_INVALID (one share per class).
 */
export function thinTrainingRows(
  dataset: Dataset,
  split: Split,
  shares: readonly number[],
  seed: number,
): Split {
  const { classNames } = dataset;
  if (shares.length !== classNames.length) {
    const allowed = `${classNames.length}, one per class (${classNames.join(', ')})`;
    throw VigilError.field('classShares', `${shares.length} shares`, allowed);
  }
  const classes = rowsByClass(dataset, split.train);
  const total = Math.min(...classes.map((rows, k) => rows.length / shares[k]!));
  const kept = classes.flatMap((rows, k) => {
    const order = permutation(randomKey(seed, 'class-shares', k), rows.length);
    return [...order.subarray(0, Math.round(total * shares[k]!))].map((at) => rows[at]!);
  });
  return { ...split, train: Uint32Array.from(kept).sort() };
}
