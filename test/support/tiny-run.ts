/** Trainings of seconds, for suites that run every regime. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataset } from '../../src/data/create-dataset.ts';
import type { Dataset, Split } from '../../src/data/dataset.ts';
import { fillNormal, randomKey } from '../../src/random.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { parseTrainingOptions, type RegimeName } from '../../src/training/options.ts';
import { REGIMES } from '../../src/training/regimes/table.ts';
import { train } from '../../src/training/trainer.ts';
import type { TrainingResult } from '../../src/training/trainer-settings.ts';
import { prepareData } from '../../src/training/training-data.ts';

/** Training rows per class. */
export const TINY_ROWS = [7, 3, 2];
/** Iterations of an epoch: 12 rows in batches of 4. */
export const TINY_ITERATIONS = 3;
const BATCH = 4;
const HELD_OUT = [2, 2, 2];

/** Noise around a level per class, 2 x 6, and its split; the same values always. */
export function tinyData(): { dataset: Dataset; split: Split } {
  const [channels, steps] = [2, 6];
  const labels = [TINY_ROWS, HELD_OUT, HELD_OUT].flatMap((rows) =>
    rows.flatMap((count, label) => Array.from({ length: count }, () => label)),
  );
  const noise = fillNormal(randomKey(1, 'tiny'), new Float32Array(labels.length * channels * steps));
  const dataset = createDataset({
    name: 'tiny',
    channels,
    steps,
    channelNames: ['a', 'b'],
    classNames: ['x', 'y', 'z'],
    values: noise.map((value, i) => value + labels[Math.floor(i / (channels * steps))]!),
    labels: Uint8Array.from(labels),
    groups: undefined,
    clips: undefined,
    folds: undefined,
  });
  const rows = Uint32Array.from(labels, (_, row) => row);
  return {
    dataset,
    split: { train: rows.subarray(0, 12), validation: rows.subarray(12, 18), test: rows.subarray(18) },
  };
}

/** Trains a regime on `tinyData`; two epochs and seed 1 unless `changes` say otherwise. The caller owns the engine. */
export async function tinyRun(
  engine: Engine,
  regime: RegimeName,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<TrainingResult> {
  const directory = mkdtempSync(join(tmpdir(), 'vigil-tiny-'));
  const { dataset, split } = tinyData();
  const options = parseTrainingOptions({ epochs: 2, batchSize: BATCH, latentSize: 4, ...changes }, regime);
  try {
    const result = await train({
      engine,
      regime: REGIMES[regime],
      options,
      data: prepareData(dataset, split, options),
      directory,
      stopRequested: () => undefined,
      onUpdate: () => {},
      pause: async () => {},
      clock: () => 0,
    });
    if (result.kind !== 'finished') throw new Error(`the run was ${result.kind}`);
    return result;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
