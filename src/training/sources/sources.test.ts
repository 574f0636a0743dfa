import { describe, expect, test } from 'vitest';
import { createDataset } from '../../data/create-dataset.ts';
import { fillUniform, randomKey } from '../../random.ts';
import { openOnnxruntime } from '../../tensor/onnxruntime/engine.ts';
import { planAugmentation } from '../augmentation.ts';
import { parseTrainingOptions } from '../options.ts';
import { prepareData, type TrainingData } from '../training-data.ts';
import { openRowSource } from './open-source.ts';
import type { RowSource } from './row-source.ts';

const [CHANNELS, STEPS] = [3, 6];
const SIZE = CHANNELS * STEPS;
const TRAIN_LABELS = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2];
const KINDS = ['duplicates', 'smote', 'perturbed'] as const;
const SLOTS = [1, 2, 2, 1, 1, 2, 1, 2];
const engine = openOnnxruntime({ threads: 1 });

/**
 * Training rows of class k lie within 0.1 of k - 1 in every value, 6 rows of validation and of test at 5 or beyond: a
 * row that is made of any of those shows it. `relabel` gives class k another number.
 */
function dataOf(options: ReturnType<typeof parseTrainingOptions>, relabel = [0, 1, 2]): TrainingData {
  const others = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2];
  const classes = [...TRAIN_LABELS, ...others];
  const noise = fillUniform(randomKey(8, 'values'), new Float32Array(classes.length * SIZE));
  const values = noise.map((each, i) => {
    const row = Math.floor(i / SIZE);
    return row < TRAIN_LABELS.length ? classes[row]! - 1 + 0.2 * (each - 0.5) : 5 + each;
  });
  const dataset = createDataset({
    name: 'three-levels',
    channels: CHANNELS,
    steps: STEPS,
    channelNames: ['a', 'b', 'c'],
    classNames: ['x', 'y', 'z'],
    values,
    labels: Uint8Array.from(classes, (label) => relabel[label]!),
    groups: undefined,
    clips: undefined,
    folds: undefined,
  });
  const range = (from: number, to: number): Uint32Array =>
    Uint32Array.from({ length: to - from }, (_, i) => from + i);
  const train = TRAIN_LABELS.length;
  const split = {
    train: range(0, train),
    validation: range(train, train + 6),
    test: range(train + 6, train + 12),
  };
  return prepareData(dataset, split, options);
}

const REGIME_OF = { duplicates: 'joint_duplicates', smote: 'smote', perturbed: 'perturbed' } as const;

async function open(
  kind: (typeof KINDS)[number],
  changes: Record<string, unknown> = {},
  relabel?: number[],
): Promise<{ data: TrainingData; source: RowSource }> {
  const options = parseTrainingOptions({ seed: 3, limits: 'minmax', ...changes }, REGIME_OF[kind]);
  const data = dataOf(options, relabel);
  const plan = planAugmentation(data.classRows, options.batchSize);
  const source = await openRowSource(kind, { data, options, plan }, engine, async () => {});
  return { data, source: source! };
}

/** Rows of the given classes at an iteration. */
function draw(source: RowSource, iteration: number, classes = SLOTS): Float32Array[] {
  const out = new Float32Array(classes.length * SIZE);
  source.draw(iteration, classes, out);
  return classes.map((_, slot) => out.slice(slot * SIZE, (slot + 1) * SIZE));
}

const rowsOf = (data: TrainingData, label: number): Float32Array[] =>
  Array.from(data.byClass[label]!, (row) => data.scaled.slice(row * SIZE, (row + 1) * SIZE));

const ITERATIONS = Array.from({ length: 60 }, (_, i) => i);

describe.each(KINDS)('%s', (kind) => {
  test('a row is a function of seed, iteration and place; later rows and earlier calls do not matter', async () => {
    const { source } = await open(kind);
    const rows = draw(source, 7);
    draw(source, 8);
    expect(draw(source, 7)).toEqual(rows);
    expect(draw(source, 7, SLOTS.slice(0, 3))).toEqual(rows.slice(0, 3));
    expect(draw(source, 8)).not.toEqual(rows);
    const { source: other } = await open(kind, { seed: 4 });
    expect(draw(other, 7)).not.toEqual(rows);
    const { source: again } = await open(kind);
    expect(draw(again, 7)).toEqual(rows);
  });

  test('a relabelling of the classes changes no row', async () => {
    const relabel = [1, 2, 0];
    const [plain, moved] = [await open(kind), await open(kind, {}, relabel)];
    const classes = SLOTS.map((label) => relabel[label]!);
    for (const iteration of ITERATIONS.slice(0, 5))
      expect(draw(moved.source, iteration, classes)).toEqual(draw(plain.source, iteration));
  });

  test('rows come from training rows of their class alone, and in time from all of them', async () => {
    const off = { jitterSigma: 0, scaleSigma: 0, warpSigma: 0 };
    const { data, source } = await open(kind, kind === 'perturbed' ? off : {});
    const near = new Map([1, 2].map((label) => [label, new Set<number>()]));
    for (const iteration of ITERATIONS) {
      for (const [slot, row] of draw(source, iteration).entries()) {
        const own = rowsOf(data, SLOTS[slot]!);
        const distances = own.map((other) => Math.hypot(...row.map((value, i) => value - other[i]!)));
        const nearest = distances.indexOf(Math.min(...distances));
        near.get(SLOTS[slot]!)!.add(nearest);
        // Classes lie 1 apart and rows of one within 0.2 of each other, in units of which the scaled range has 2.2.
        for (const value of row) expect(Math.abs(value - (SLOTS[slot]! - 1) * (1 / 1.1))).toBeLessThan(0.12);
      }
    }
    expect(near.get(1)!.size).toBe(5);
    expect(near.get(2)!.size).toBe(3);
  });
});

test('duplicates are training rows, to the bit', async () => {
  const { data, source } = await open('duplicates');
  for (const iteration of ITERATIONS) {
    for (const [slot, row] of draw(source, iteration).entries()) {
      const own = rowsOf(data, SLOTS[slot]!);
      expect(own.some((other) => other.every((value, i) => value === row[i]))).toBe(true);
    }
  }
});

test('SMOTE rows lie on a segment between a training row and one of its k nearest of the class', async () => {
  const { data, source } = await open('smote', { smoteNeighbours: 2 });
  const shares: number[] = [];
  for (const iteration of ITERATIONS) {
    for (const [slot, row] of draw(source, iteration).entries()) {
      const own = rowsOf(data, SLOTS[slot]!);
      const found = own.flatMap((from) => {
        const distance = (to: Float32Array): number => Math.hypot(...from.map((value, i) => value - to[i]!));
        const nearest = own
          .filter((to) => to !== from)
          .sort((a, b) => distance(a) - distance(b))
          .slice(0, 2);
        return nearest.flatMap((to) => {
          const span = to.map((value, i) => value - from[i]!);
          const share =
            span.reduce((sum, step, i) => sum + step * (row[i]! - from[i]!), 0) /
            span.reduce((sum, step) => sum + step * step, 0);
          const off = Math.hypot(...row.map((value, i) => value - from[i]! - share * span[i]!));
          // Float32 rounds each of the 18 values by some 1e-8.
          return off < 1e-6 && share > -1e-6 && share < 1 + 1e-6 ? [share] : [];
        });
      });
      expect(found.length).toBeGreaterThan(0);
      shares.push(found[0]!);
    }
  }
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  // Uniform in [0, 1]: the mean of 480 has a standard error of 0.013.
  expect(mean).toBeGreaterThan(0.44);
  expect(mean).toBeLessThan(0.56);
});

test('SMOTE repeats the rows of a class that has one', async () => {
  const { data, source } = await open('smote');
  const alone = { ...data, byClass: [data.byClass[0]!, data.byClass[1]!, data.byClass[2]!.slice(0, 1)] };
  const options = parseTrainingOptions({ seed: 3 }, 'smote');
  const plan = planAugmentation([9, 5, 1], 16);
  const lonely = await openRowSource('smote', { data: alone, options, plan }, engine, async () => {});
  expect(draw(lonely!, 0, [2, 2])).toEqual([rowsOf(alone, 2)[0], rowsOf(alone, 2)[0]]);
  expect(draw(source, 0, [2, 2])).not.toEqual([rowsOf(data, 2)[0], rowsOf(data, 2)[0]]);
});

test('perturbations of magnitude 0 leave a row as it is; others move it by as much as they say', async () => {
  const off = { jitterSigma: 0, scaleSigma: 0, warpSigma: 0 };
  const rowsWith = async (changes: object): Promise<number[]> => {
    const { source } = await open('perturbed', { ...off, ...changes });
    return ITERATIONS.flatMap((iteration) => draw(source, iteration).flatMap((row) => [...row]));
  };
  const plain = await rowsWith({});
  const { data } = await open('duplicates');
  const values = new Set(data.scaled);
  expect(plain.every((value) => values.has(value))).toBe(true);
  const spread = (found: readonly number[]): number =>
    Math.sqrt(found.reduce((sum, value, i) => sum + (value - plain[i]!) ** 2, 0) / found.length);
  // 8,640 values: a standard deviation is met to a percent. Class z lies at 0.9 and is clipped at 1, so half of its
  // noise of 0.05 is cut a little.
  expect(spread(await rowsWith({ jitterSigma: 0.01 }))).toBeCloseTo(0.01, 3);
  const scaled = await rowsWith({ scaleSigma: 0.01 });
  const level = Math.sqrt(plain.reduce((sum, value) => sum + value ** 2, 0) / plain.length);
  expect(spread(scaled) / level).toBeCloseTo(0.01, 2);
  const warped = await rowsWith({ warpSigma: 0.2 });
  expect(spread(warped)).toBeGreaterThan(0.001);
  for (const value of await rowsWith({ jitterSigma: 1, scaleSigma: 1 }))
    expect(Math.abs(value)).toBeLessThanOrEqual(1);
});
