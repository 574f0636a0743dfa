import type { Dataset, Split } from '../data/dataset.ts';
import { checked, splitByFold, splitByGroup, splitByRow } from '../data/split.ts';
import { VigilError } from '../errors.ts';
import type { SplitOptions } from './options.ts';

/**
 * Divides the rows as asked. Without a choice: the split that comes with the data, else by group. Errors:
 * DATASET_UNSUITABLE (no groups or folds where they are needed; a group or identical rows on two sides).
 */
export function splitRows(
  dataset: Dataset,
  own: Split | undefined,
  options: SplitOptions,
  seed: number,
): { split: Split; by: NonNullable<SplitOptions['by']> } {
  const by = options.by ?? (own ? 'dataset' : 'group');
  const shares = { testShare: options.testShare, validationShare: options.validationShare, seed };
  switch (by) {
    case 'dataset':
      if (!own) {
        throw VigilError.field(
          'split.by',
          '"dataset"',
          'group, fold or row: the data has no split of its own',
          'DATASET_UNSUITABLE',
        );
      }
      return { split: checked(dataset, own), by };
    case 'fold':
      return {
        split: splitByFold(dataset, { testFold: options.testFold!, validationFold: options.validationFold! }),
        by,
      };
    case 'row':
      return { split: splitByRow(dataset, shares), by };
    case 'group':
      return { split: splitByGroup(dataset, shares), by };
  }
}
