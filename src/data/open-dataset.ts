import { VigilError } from '../errors.ts';
import type { PruneReport } from './clips.ts';
import type { Dataset, Split } from './dataset.ts';
import { loadDataset } from './load-dataset.ts';
import { PAPER_COUNTS, simulateDrivers, smallCounts } from './simulated/drivers.ts';

export interface OpenedDataset {
  readonly dataset: Dataset;
  readonly report: PruneReport;
  /** The split that belongs to the data, where it has one. */
  readonly split: Split | undefined;
}

/** Begins the name of simulated data. */
export const SIMULATED_PREFIX = 'simulated:';

/** What a `simulated:` name asks for. */
export interface SimulatedRequest {
  readonly preset: 'paper' | 'small';
  readonly seed: number;
  /** Training rows of `small`. */
  readonly rows: number;
  readonly steps: number;
}

const DEFAULTS = { seed: 1, rows: 600, steps: 100 };
const RANGES = { seed: [0, 2 ** 53 - 1], rows: [30, 200_000], steps: [8, 10_000] } as const;

/** Parses `simulated:paper?seed=1` or `simulated:small?seed=1&rows=600&steps=100`. FIELD_INVALID otherwise. */
export function parseSimulated(name: string): SimulatedRequest {
  const [preset, query = ''] = name.slice(SIMULATED_PREFIX.length).split('?') as [string, string?];
  if (preset !== 'paper' && preset !== 'small') {
    throw VigilError.field('dataset', JSON.stringify(name), 'simulated:paper or simulated:small');
  }
  const numbers = { ...DEFAULTS };
  for (const [key, text] of new URLSearchParams(query)) {
    if (!(key in RANGES))
      throw VigilError.field('dataset', `parameter ${key}`, Object.keys(RANGES).join(', '));
    const [least, most] = RANGES[key as keyof typeof RANGES];
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw VigilError.field(`dataset: ${key}`, JSON.stringify(text), `an integer from ${least} to ${most}`);
    }
    numbers[key as keyof typeof RANGES] = value;
  }
  return { preset, ...numbers };
}

/** Opens a dataset file, or makes simulated drivers. */
export async function openDataset(name: string): Promise<OpenedDataset> {
  if (!name.startsWith(SIMULATED_PREFIX)) return { ...(await loadDataset(name)), split: undefined };
  const { preset, seed, rows, steps } = parseSimulated(name);
  const counts = preset === 'paper' ? PAPER_COUNTS : smallCounts(rows);
  const { dataset, split } = await simulateDrivers({ seed, counts, steps });
  const dropped = { too_few_frames: 0, missing_features: 0, times_not_increasing: 0 };
  return { dataset, split, report: { kept: dataset.rows, dropped } };
}
