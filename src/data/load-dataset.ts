import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { VigilError } from '../errors.ts';
import type { PruneReport } from './clips.ts';
import { parseCsvDataset } from './csv.ts';
import type { Dataset } from './dataset.ts';
import { parseJsonDataset } from './json.ts';
import { type DatasetNames, parseNpzDataset } from './npz.ts';

/** What the file does not say itself. */
export interface LoadOptions extends DatasetNames {
  /** Steps that clips are resampled to. Default 100. */
  readonly steps?: number | undefined;
  /** Most bytes of the file, and of what it unpacks to. Default 1 GiB. */
  readonly maxBytes?: number | undefined;
}

export interface LoadedDataset {
  readonly dataset: Dataset;
  readonly report: PruneReport;
}

const DEFAULT_STEPS = 100;
const DEFAULT_MAX_BYTES = 2 ** 30;

/** Parses a dataset file by its ending. Errors: DATASET_MALFORMED, DATASET_UNSUITABLE; they name the file. */
export function parseDataset(bytes: Uint8Array, fileName: string, options: LoadOptions = {}): LoadedDataset {
  const { steps = DEFAULT_STEPS, maxBytes = DEFAULT_MAX_BYTES } = options;
  const file = basename(fileName);
  const named = { ...options, name: options.name ?? file.slice(0, -extname(file).length) };
  switch (extname(file).toLowerCase()) {
    case '.npz': {
      const dataset = parseNpzDataset(bytes, file, named, maxBytes);
      const dropped = { too_few_frames: 0, missing_features: 0, times_not_increasing: 0 };
      return { dataset, report: { kept: dataset.rows, dropped } };
    }
    case '.json':
      return parseJsonDataset(bytes, file, named, steps);
    case '.csv':
      return parseCsvDataset(bytes, file, named, steps);
    default:
      throw VigilError.field(
        'file',
        JSON.stringify(file),
        'a name that ends in .npz, .json or .csv',
        'DATASET_MALFORMED',
      );
  }
}

const sidecarSchema = z.strictObject({
  name: z.string().min(1).optional(),
  classNames: z.array(z.string().min(1)).min(2).optional(),
  channelNames: z.array(z.string().min(1)).min(1).optional(),
  steps: z.int().min(1).max(10_000).optional(),
});

/** Names beside a data file: `dataset.json` in its directory, when it is there. */
export async function readSidecar(path: string): Promise<LoadOptions> {
  const sidecar = join(dirname(path), 'dataset.json');
  let text: string;
  try {
    text = await readFile(sidecar, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  try {
    return sidecarSchema.parse(JSON.parse(text));
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : 'an unreadable file';
    throw new VigilError(
      'DATASET_MALFORMED',
      `dataset.json: found ${found}; allowed: name, classNames, channelNames, steps`,
      { cause },
    );
  }
}

/** Reads a dataset file, and the `dataset.json` beside it. DATASET_NOT_FOUND when there is no such file. */
export async function loadDataset(path: string, options: LoadOptions = {}): Promise<LoadedDataset> {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  let size: number;
  try {
    size = (await stat(path)).size;
  } catch (cause) {
    throw new VigilError('DATASET_NOT_FOUND', `no dataset file ${path}`, { cause });
  }
  if (size > maxBytes)
    throw VigilError.field('file', `${size} bytes`, `at most ${maxBytes} bytes`, 'DATASET_MALFORMED');
  const sidecar = await readSidecar(path);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return parseDataset(await readFile(path), path, { ...sidecar, ...given });
}
