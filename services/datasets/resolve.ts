import { join } from 'node:path';
import { parseSimulated, SIMULATED_PREFIX } from '../../src/data/open-dataset.ts';
import { VigilError } from '../../src/errors.ts';
import { projectRoot } from '../project.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import type { DatasetStore } from '../storage/store.ts';

/** A dataset name, and what the engine opens for it. */
export interface ResolvedDataset {
  readonly name: string;
  /** A file's absolute path, or a `simulated:` URI. */
  readonly location: string;
}

const EXAMPLE_PREFIX = 'example:';

/** Examples that the project ships, and their files under `examples/`. */
const EXAMPLES: Readonly<Record<string, string>> = {
  'japanese-vowels': 'japanese_vowels.npz',
  'uta-rldd-blinks': 'uta_rldd_blinks.npz',
};

/** The file of `example:...`; undefined when the name is none of ours. */
export function exampleFile(name: string): string | undefined {
  const example = name.startsWith(EXAMPLE_PREFIX) ? name.slice(EXAMPLE_PREFIX.length) : '';
  return Object.hasOwn(EXAMPLES, example)
    ? join(projectRoot(), 'examples', example, EXAMPLES[example]!)
    : undefined;
}

/** Finds a dataset by the name that `TrainRequest.dataset` has. Errors: DATASET_NOT_FOUND, FIELD_INVALID. */
export async function resolveDataset(
  store: DatasetStore,
  data: DataDirectory,
  name: string,
): Promise<ResolvedDataset> {
  if (name === '') throw VigilError.field('dataset', 'nothing', 'the name of a dataset');
  if (name.startsWith(SIMULATED_PREFIX)) {
    parseSimulated(name);
    return { name, location: name };
  }
  if (name.startsWith(EXAMPLE_PREFIX)) {
    const location = exampleFile(name);
    if (!location) {
      const known = Object.keys(EXAMPLES).map((known_) => EXAMPLE_PREFIX + known_);
      throw notFound(name, `examples: ${known.join(', ')}`);
    }
    return { name, location };
  }
  const stored = await store.getDataset(name);
  if (!stored) throw notFound(name, 'ListDatasets lists those that are stored');
  return { name, location: join(data.dataset(name), stored.fileName) };
}

function notFound(name: string, hint: string): VigilError {
  const message = `no dataset ${JSON.stringify(name)}; ${hint}`;
  return new VigilError('DATASET_NOT_FOUND', message, {
    fields: [{ field: 'dataset', description: message }],
    metadata: { dataset: name },
  });
}
