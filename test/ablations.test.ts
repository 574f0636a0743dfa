/** Table 2: one term of the generator's loss left out at a time; and how often every regime updates the classifier. */
import { afterAll, expect, test } from 'vitest';
import { layoutOf, NETWORKS } from '../src/models/networks.ts';
import { initialWeights } from '../src/models/parameters.ts';
import { openOnnxruntime } from '../src/tensor/onnxruntime/engine.ts';
import { LOSS_TERMS, REGIME_NAMES, type RegimeName } from '../src/training/options.ts';
import { TINY_ITERATIONS, tinyRun } from './support/tiny-run.ts';

const EPOCHS = 2;
const RATE = 1e-4;
const engine = openOnnxruntime({ threads: 1 });
afterAll(() => engine.dispose());

const full = tinyRun(engine, 'joint_scratch');

test.each(LOSS_TERMS)('without the %s term G learns otherwise, D and C still learn', async (term) => {
  const [with_, without] = [await full, await tinyRun(engine, 'joint_scratch', { ablate: [term] })];
  expect(without.weights.generator).not.toEqual(with_.weights.generator);
  for (const network of NETWORKS) {
    const initial = initialWeights(layoutOf(network, without.spec), 1, network);
    const furthest = without.weights[network]!.reduce(
      (most, weight, i) => Math.max(most, Math.abs(weight - initial[i]!)),
      0,
    );
    // Further than one step of Adam goes.
    expect(furthest, network).toBeGreaterThan(1.01 * RATE);
  }
  // Every term is still measured.
  expect(Object.keys(without.counters.history[1]!.losses)).toEqual(
    Object.keys(with_.counters.history[1]!.losses),
  );
  expect(without.counters.classifierUpdates).toBe(EPOCHS * TINY_ITERATIONS);
});

const SNAPSHOT = { unfreezeAfter: 1, pretrainEpochs: 3 };
const OPTIONS: Readonly<Partial<Record<RegimeName, Record<string, unknown>>>> = {
  joint_snapshot: SNAPSHOT,
  two_stage: { pretrainEpochs: 3 },
};

test.each(REGIME_NAMES)('%s records the updates of the classifier that comes out', async (regime) => {
  const { counters, weights } = await tinyRun(engine, regime, OPTIONS[regime]);
  const epochs =
    regime === 'joint_snapshot' ? SNAPSHOT.pretrainEpochs + EPOCHS - SNAPSHOT.unfreezeAfter : EPOCHS;
  expect(counters.classifierUpdates).toBe(epochs * TINY_ITERATIONS);
  expect(counters.history.at(-1)!.classifierUpdates).toBe(counters.classifierUpdates);
  expect(counters.best.epoch).toBeGreaterThan(counters.history.length - EPOCHS);
  const adversarial = ['joint_scratch', 'joint_snapshot', 'two_stage', 'joint_recommended'].includes(regime);
  expect(Object.keys(weights).length).toBe(adversarial ? 3 : 1);
});

test('two_stage: the teacher is left behind, and G gets no updates while the classifier learns', async () => {
  const { counters } = await tinyRun(engine, 'two_stage', { pretrainEpochs: 3 });
  expect(counters.history.map(({ classifierUpdates }) => classifierUpdates / TINY_ITERATIONS)).toEqual([
    1, 2, 3, 3, 3, 1, 2,
  ]);
  expect(counters.history.map(({ learningRate }) => learningRate > 0)).toEqual([
    ...[true, true, true],
    ...[false, false],
    ...[true, true],
  ]);
  expect(counters.updates).toEqual({ generator: 6, discriminator: 6, classifier: 6 });
});
