/** Planted generators: one that ignores its noise, one that copies training rows, one that draws from the class. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatherRows, rowsByClass } from '../../data/batches.ts';
import { openDataset } from '../../data/open-dataset.ts';
import type { EpochRecord, EpochWatch } from '../../evaluation/history.ts';
import { layoutOf, NETWORKS, weightsKey } from '../../models/networks.ts';
import { flatten, initialWeights, nameArrays } from '../../models/parameters.ts';
import type { Engine } from '../../tensor/engine.ts';
import { openOnnxruntime } from '../../tensor/onnxruntime/engine.ts';
import { parseTrainingOptions } from '../options.ts';
import { trainedShapes } from '../steps/network-state.ts';
import { specOf } from '../trainer.ts';
import { prepareData, type TrainingData } from '../training-data.ts';
import { RealClass, WATCHED_ROWS } from './real-class.ts';
import { COLLAPSE_MARGIN, MEMORISED_RATIO, newWarnings } from './warnings.ts';
import { Watch } from './watch.ts';

const OPTIONS = parseTrainingOptions({ latentSize: 16 }, 'joint_scratch');
const none = async (): Promise<void> => {};

let data: TrainingData;
let engine: Engine;
beforeAll(async () => {
  const { dataset, split } = await openDataset('simulated:small?rows=600&steps=20');
  data = prepareData(dataset, split!, OPTIONS);
  engine = openOnnxruntime({ threads: 1 });
});
afterAll(() => engine.dispose());

const record = (epoch: number, watch: Partial<EpochWatch>): EpochRecord => ({
  epoch,
  steps: epoch,
  losses: {},
  validation: { accuracy: 0.8, macroAccuracy: 0.8, macroAuc: 0.9 },
  learningRate: 1e-4,
  classifierUpdates: epoch,
  seconds: 1,
  watch: { trainingMacroAccuracy: 0.8, gradientNorms: {}, discriminator: null, classes: [], ...watch },
});

/** Warnings of a run that looks like this in two epochs. */
const warned = (watch: Partial<EpochWatch>): string[] => newWarnings([record(1, watch)], record(2, watch));

/** Rows of another side of the split, or the training rows themselves, as if a generator had made them. */
async function compareRows(label: number, side: 'train' | 'test'): Promise<EpochWatch['classes'][number]> {
  const { dataset, split, scaled } = data;
  const { channels, steps, classNames } = dataset;
  const real = { values: scaled, channels, steps, rows: rowsByClass(dataset, split.train)[label]! };
  const drawn = rowsByClass(dataset, split[side])[label]!.slice(0, WATCHED_ROWS);
  const found = await new RealClass(real, label, 1).compare(
    gatherRows(scaled, channels * steps, drawn),
    none,
  );
  return { className: classNames[label]!, ...found };
}

const CLASSES = [0, 1, 2];

test('rows of other drivers are neither too alike nor copies', async () => {
  for (const label of CLASSES) {
    const found = await compareRows(label, 'test');
    expect(found.genGen, found.className).toBeLessThan(found.realReal! + COLLAPSE_MARGIN);
    expect(found.nearestRatio!, found.className).toBeGreaterThan(0.8);
    expect(warned({ classes: [found] })).toEqual([]);
  }
});

test('copies of training rows are told from rows of the class', async () => {
  for (const label of CLASSES) {
    const found = await compareRows(label, 'train');
    expect(found.nearestRatio!, found.className).toBeLessThan(MEMORISED_RATIO);
    const [warning, ...others] = warned({ classes: [found] });
    expect(warning).toContain(`generated rows of ${found.className} are copies of training rows`);
    expect(others).toEqual([]);
  }
});

test('a generator that ignores its noise is told, class by class; one at its beginning is looked at all the same', async () => {
  const spec = specOf(data, OPTIONS);
  const layout = layoutOf('generator', spec);
  const state = engine.createState(
    Object.assign({}, ...NETWORKS.map((network) => trainedShapes(network, spec))),
    Object.fromEntries(
      NETWORKS.map((network) => [weightsKey(network), initialWeights(layoutOf(network, spec), 1, network)]),
    ),
  );
  const watch = await Watch.open(engine, state, spec, data, 1, none);
  const observe = (adversarial: boolean): Promise<EpochWatch> => {
    const updates = { generator: 0, discriminator: 0, classifier: 0 };
    return watch.observe({ adversarial }, state.read(), updates, async () => ({ macroAccuracy: 0.8 }));
  };
  const fresh = await observe(true);
  expect(fresh.classes.map(({ className }) => className)).toEqual(data.dataset.classNames);
  expect(fresh.classes.every(({ genGen }) => genGen < 0.999)).toBe(true);
  // The first of the four input channels of the first convolution is z: without it, rows depend on their class alone.
  const arrays = nameArrays(layout, state.read([weightsKey('generator')])[weightsKey('generator')]!);
  const first = arrays.find(({ name }) => name === 'conv1/kernel')!;
  first.values.forEach((_, i) => {
    if (Math.floor(i / 32) % 4 === 0) first.values[i] = 0;
  });
  const planted = new Map(arrays.map(({ name, values }) => [name, values]));
  state.write({ [weightsKey('generator')]: flatten(layout, planted) });
  const collapsed = await observe(true);
  for (const { genGen } of collapsed.classes) expect(genGen).toBeCloseTo(1, 5);
  expect(warned(collapsed)).toHaveLength(CLASSES.length);
  expect(warned(collapsed)[1]).toMatch(
    /^epoch 2: generated rows of slightly_drowsy are too alike: r\(gen,gen\) 1\.00/,
  );
  expect((await observe(false)).classes).toEqual([]);
  await watch.dispose();
  state.dispose();
});

test('D is right about a row when its logit has the row’s sign', async () => {
  const spec = specOf(data, OPTIONS);
  const layout = layoutOf('discriminator', spec);
  const always = nameArrays(layout, new Float32Array(initialWeights(layout, 1, 'discriminator').length));
  always.find(({ name }) => name === 'source/bias')!.values[0] = 2;
  const generator = initialWeights(layoutOf('generator', spec), 1, 'generator');
  const state = engine.createState(
    Object.assign({}, ...NETWORKS.map((network) => trainedShapes(network, spec))),
    {
      [weightsKey('generator')]: generator,
      [weightsKey('discriminator')]: flatten(
        layout,
        new Map(always.map(({ name, values }) => [name, values])),
      ),
    },
  );
  const watch = await Watch.open(engine, state, spec, data, 1, none);
  const updates = { generator: 0, discriminator: 0, classifier: 0 };
  const { discriminator } = await watch.observe({ adversarial: true }, state.read(), updates, async () => ({
    macroAccuracy: 1,
  }));
  expect(discriminator).toEqual({ real: 1, fake: 0 });
  await watch.dispose();
  state.dispose();
});
