import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '../data/safetensors.ts';
import { VigilError } from '../errors.ts';
import type { EpochRecord } from '../evaluation/history.ts';
import { type Arrays, type Shapes, sizeOf } from '../tensor/engine.ts';

/** Counters of a run; with the state's arrays, all that is needed to go on as if nothing had happened. */
export interface RunCounters {
  /** Epochs that are done. */
  readonly epochs: number;
  /** Iterations that are done, over all phases. */
  readonly iterations: number;
  /** Updates of every optimiser since it was fresh. */
  readonly updates: {
    readonly generator: number;
    readonly discriminator: number;
    readonly classifier: number;
  };
  /** Updates of C in all; those of a teacher that a fresh C took the place of do not count. */
  readonly classifierUpdates: number;
  /** The best epoch so far since the last restart, and its score; epoch 0 when none was selected. */
  readonly best: { readonly epoch: number; readonly score: number };
  readonly history: readonly EpochRecord[];
  readonly warnings: readonly string[];
}

export interface Checkpoint {
  readonly counters: RunCounters;
  /** The engine's state by name, and `best` for the best snapshot of C. */
  readonly arrays: Arrays;
}

const FILE = 'checkpoint.safetensors';

/** Writes to a temporary file, syncs and renames: there is always one whole checkpoint. */
export async function writeCheckpoint(
  directory: string,
  fingerprint: string,
  checkpoint: Checkpoint,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const arrays = Object.entries(checkpoint.arrays).map(([name, values]) => ({
    name,
    shape: [values.length],
    values,
  }));
  // JSON has no -Infinity, which the best score is before the first selection.
  const { best } = checkpoint.counters;
  const counters = { ...checkpoint.counters, best: { ...best, score: String(best.score) } };
  const bytes = writeSafetensors(arrays, { fingerprint, counters: JSON.stringify(counters) });
  const path = join(directory, FILE);
  const file = await open(`${path}.tmp`, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}

/**
 * The directory's checkpoint, or undefined when there is none. ARTIFACT_CORRUPT when it cannot be read,
 * MODEL_INCOMPATIBLE when it belongs to another configuration or dataset, or when its networks or its snapshot of C
 * do not have the given shapes.
 */
export async function readCheckpoint(
  directory: string,
  fingerprint: string,
  shapes: Shapes,
): Promise<Checkpoint | undefined> {
  const path = join(directory, FILE);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const { arrays, metadata } = readSafetensors(bytes, FILE);
  if (metadata.fingerprint !== fingerprint) {
    throw new VigilError(
      'MODEL_INCOMPATIBLE',
      'the checkpoint belongs to another configuration, dataset or split',
    );
  }
  for (const [name, shape] of Object.entries(shapes)) {
    const found = arrays.get(name)?.values.length;
    if (found === sizeOf(shape)) continue;
    throw new VigilError(
      'MODEL_INCOMPATIBLE',
      `the checkpoint's ${name === 'best' ? 'snapshot of the classifier' : name} has ${found ?? 'no'} values; allowed: ${sizeOf(shape)}, as the networks of this version have`,
      { metadata: { array: name } },
    );
  }
  const counters = JSON.parse(metadata.counters ?? '{}') as RunCounters;
  const best = { ...counters.best, score: Number(counters.best.score) };
  return {
    counters: { ...counters, best },
    arrays: Object.fromEntries([...arrays].map(([name, { values }]) => [name, values])),
  };
}
