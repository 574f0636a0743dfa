import { setImmediate } from 'node:timers/promises';
import { permutation, randomKey } from '../../random.ts';
import { createDataset } from '../create-dataset.ts';
import type { Dataset, Split } from '../dataset.ts';
import { drawLatents, LATENTS, SIMULATED_CLASSES } from './latents.ts';
import { drawTraits, renderClip, SIMULATED_CHANNELS } from './render.ts';

/** Rows per class of each side. */
export type SimulatedCounts = Readonly<Record<keyof Split, readonly [number, number, number]>>;

/** The counts of the paper: 20,126 / 2,235 / 7,427 rows (section 3). */
export const PAPER_COUNTS: SimulatedCounts = {
  train: [10_639, 3_650, 5_837],
  validation: [1_182, 405, 648],
  test: [4_016, 1_247, 2_164],
};

/** The paper's class shares with about `rows` training rows. */
export function smallCounts(rows: number): SimulatedCounts {
  const scaled = (counts: readonly [number, number, number]): [number, number, number] => {
    const part = (count: number): number => Math.max(2, Math.round((count * rows) / 20_126));
    return [part(counts[0]), part(counts[1]), part(counts[2])];
  };
  return {
    train: scaled(PAPER_COUNTS.train),
    validation: scaled(PAPER_COUNTS.validation),
    test: scaled(PAPER_COUNTS.test),
  };
}

export interface SimulatedDrivers {
  readonly dataset: Dataset;
  /** Drivers of one side never appear on another. */
  readonly split: Split;
  /** `[rows, 3]`: what `bayesPosterior` takes. */
  readonly latents: Float32Array;
}

/** Clips of one driver. */
const ROWS_PER_SUBJECT = 100;

/** Rows that are rendered before others get the thread: some 50 ms at 18 x 100. */
const ROWS_AT_A_TIME = 256;

/**
 * Draws drivers and renders their clips. Row i is a function of (seed, counts, i). The paper's counts take seconds, in
 * which a process must still answer: the work is done in small parts.
 */
export async function simulateDrivers(settings: {
  seed: number;
  counts: SimulatedCounts;
  steps?: number;
}): Promise<SimulatedDrivers> {
  const { seed, counts, steps = 100 } = settings;
  const channels = SIMULATED_CHANNELS.length;
  const sides = ['train', 'validation', 'test'] as const;
  const sizes = sides.map((side) => counts[side].reduce((total, count) => total + count, 0));
  const rows = sizes.reduce((total, size) => total + size, 0);
  const values = new Float32Array(rows * channels * steps);
  const latents = new Float32Array(rows * LATENTS);
  const labels = new Uint8Array(rows);
  const groups = new Int32Array(rows);
  let start = 0;
  let subjects = 0;
  const parts = sides.map((side, s) => {
    const size = sizes[s]!;
    const ordered = counts[side].flatMap((count, label) => new Array<number>(count).fill(label));
    const order = permutation(randomKey(seed, 'simulated/order', s), size);
    for (let i = 0; i < size; i++) {
      labels[start + i] = ordered[order[i]!]!;
      groups[start + i] = subjects + Math.floor(i / ROWS_PER_SUBJECT);
    }
    subjects += Math.ceil(size / ROWS_PER_SUBJECT);
    const sideRows = Uint32Array.from({ length: size }, (_, i) => start + i);
    start += size;
    return sideRows;
  });
  const traits = Array.from({ length: subjects }, (_, subject) => drawTraits(seed, subject));
  for (let row = 0; row < rows; row++) {
    if (row % ROWS_AT_A_TIME === 0) await setImmediate();
    const u = drawLatents(seed, row, labels[row]!);
    latents.set(u, row * LATENTS);
    values.set(renderClip(seed, row, u, traits[groups[row]!]!, steps), row * channels * steps);
  }
  const dataset = createDataset({
    name: 'simulated-drivers',
    channels,
    steps,
    channelNames: SIMULATED_CHANNELS,
    classNames: SIMULATED_CLASSES,
    values,
    labels,
    groups,
    clips: undefined,
    folds: undefined,
  });
  return { dataset, split: { train: parts[0]!, validation: parts[1]!, test: parts[2]! }, latents };
}
