import type { ChannelLimits, Dataset } from '../data/dataset.ts';
import { separateClasses } from '../evaluation/embedding/class-separation.ts';
import { featuresProgram } from '../models/programs.ts';
import type { ModelSpec } from '../models/spec.ts';
import { permutation, randomKey } from '../random.ts';
import type { Engine, EngineState } from '../tensor/engine.ts';
import type { Separability } from './run-result.ts';

/** Most rows that are compared: time grows with their square. */
const MOST_ROWS = 2000;
const NEIGHBOURS = 15;
/** Rows of one forward run. */
const BATCH = 128;

/** Separation of the classes of `rows`, or of a seeded sample of them. `state` holds C's weights. */
export async function measureSeparability(
  model: { engine: Engine; spec: ModelSpec; limits: ChannelLimits; state: EngineState },
  dataset: Dataset,
  rows: Uint32Array,
  seed: number,
): Promise<Separability> {
  const order = permutation(randomKey(seed, 'separability'), rows.length).subarray(0, MOST_ROWS);
  const chosen = order.map((at) => rows[at]!);
  const features = await penultimate(model, dataset, chosen);
  const labels = Uint8Array.from(chosen, (row) => dataset.labels[row]!);
  const { groups, classNames } = dataset;
  const subjects = groups && Int32Array.from(chosen, (row) => groups[row]!);
  const separation = separateClasses(features, labels, classNames.length, NEIGHBOURS, subjects);
  return { ...separation, rows: chosen.length };
}

/** C's penultimate layer, `[rows, features]`. */
async function penultimate(
  { engine, spec, limits, state }: Parameters<typeof measureSeparability>[0],
  { values, channels, steps }: Dataset,
  rows: Uint32Array,
): Promise<Float32Array> {
  const size = channels * steps;
  const executable = await engine.compile(featuresProgram(spec, limits, BATCH), state);
  try {
    const batch = new Float32Array(BATCH * size);
    const parts: Float32Array[] = [];
    for (let start = 0; start < rows.length; start += BATCH) {
      const part = rows.subarray(start, start + BATCH);
      part.forEach((row, at) => {
        batch.set(values.subarray(row * size, (row + 1) * size), at * size);
      });
      const features = (await executable.run({ samples: batch })).features!;
      parts.push(features.slice(0, (features.length / BATCH) * part.length));
    }
    const out = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
    parts.reduce((at, part) => {
      out.set(part, at);
      return at + part.length;
    }, 0);
    return out;
  } finally {
    await executable.dispose();
  }
}
