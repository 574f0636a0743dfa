import type { Dataset, Split } from '../data/dataset.ts';
import { VigilError } from '../errors.ts';
import { parseSplitOptions } from './options.ts';
import { splitRows } from './split-rows.ts';

/** What lineage says of a training's rows. */
export interface SplitLineage {
  readonly datasetSha256: string;
  readonly seed: number;
  readonly configuration: Readonly<Record<string, unknown>>;
}

/**
 * The split that a model was trained with, from its lineage and the same data. `own` is the split that comes with the data.
 * Errors: DATASET_UNSUITABLE when the data are not those of the training.
 */
export function restoreSplit(dataset: Dataset, own: Split | undefined, lineage: SplitLineage): Split {
  if (lineage.datasetSha256 !== dataset.sha256) {
    const found = `data with SHA-256 ${dataset.sha256.slice(0, 12)}…`;
    const allowed = `${lineage.datasetSha256.slice(0, 12)}…, which the model was trained on`;
    throw VigilError.field('dataset', found, allowed, 'DATASET_UNSUITABLE');
  }
  // The sizes are results of the split, not options of it.
  const { train, validation, test, ...options } = lineage.configuration.split as Record<string, unknown>;
  return splitRows(dataset, own, parseSplitOptions(options), lineage.seed).split;
}
