/** What a version's scores are made of: temperature, leaks, and what they do not depend on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatherRows } from '../data/batches.ts';
import { createDataset } from '../data/create-dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import { type SimulatedDrivers, simulateDrivers, smallCounts } from '../data/simulated/drivers.ts';
import { evaluate } from '../evaluation/metrics.ts';
import { openOnnxruntime } from '../tensor/onnxruntime/engine.ts';
import { evaluateFinished, type FinishedModel } from './final-evaluation.ts';
import { parseTrainingOptions } from './options.ts';
import { REGIMES } from './regimes/table.ts';
import { copyWarnings, findSplitLeaks } from './split-leaks.ts';
import { train } from './trainer.ts';
import { prepareData, type TrainingData } from './training-data.ts';

const engine = openOnnxruntime({ threads: 1 });
const options = parseTrainingOptions({ epochs: 3, classifierLearningRate: 3e-3 }, 'classifier_only');

interface Trained {
  readonly data: TrainingData;
  readonly model: FinishedModel;
}

async function trainOn({ dataset, split }: Pick<SimulatedDrivers, 'dataset' | 'split'>): Promise<Trained> {
  const data = prepareData(dataset, split, options);
  const directory = mkdtempSync(join(tmpdir(), 'vigil-final-'));
  try {
    const result = await train({
      engine,
      regime: REGIMES.classifier_only,
      options,
      data,
      directory,
      stopRequested: () => undefined,
      onUpdate: () => {},
      pause: async () => {},
      clock: () => 0,
    });
    if (result.kind !== 'finished') throw new Error(`the run was ${result.kind}`);
    const { spec, weights } = result;
    const splitLeaks = findSplitLeaks(data);
    return { data, model: { spec, classifier: weights.classifier!, synthetic: undefined, splitLeaks } };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

let drivers: SimulatedDrivers;
let trained: Trained;
beforeAll(async () => {
  drivers = await simulateDrivers({ seed: 1, counts: smallCounts(240), steps: 16 });
  trained = await trainOn(drivers);
});
afterAll(() => engine.dispose());

test('the temperature changes probabilities, never answers; scores before it stand beside those after it', async () => {
  const { data, model } = trained;
  const { evaluation, temperature } = await evaluateFinished(engine, data, options, model);
  const plain = await evaluateFinished(engine, data, { ...options, calibrate: 'none' }, model);
  expect(plain.temperature).toBe(1);
  expect(plain.evaluation.calibration).toEqual({ temperature: 1 });
  expect(Math.abs(Math.log(temperature))).toBeGreaterThan(0.01);
  const { brier, ece, logLoss } = plain.evaluation;
  expect(evaluation.calibration).toEqual({ temperature, uncalibrated: { brier, ece, logLoss } });
  expect(evaluation.confusion).toEqual(plain.evaluation.confusion);
  expect(evaluation.logLoss).not.toBeCloseTo(logLoss, 4);
});

test('drivers are scored one by one; simulated clips belong to no video', async () => {
  const { data, model } = trained;
  const { evaluation } = await evaluateFinished(engine, data, options, model);
  const drawn = new Set(Array.from(data.split.test, (row) => data.dataset.groups![row]));
  expect(evaluation.groups?.groups).toBe(drawn.size);
  expect(evaluation.clips).toBeUndefined();
});

test('a planted generator that copies test rows is told from one that does not', async () => {
  const { data, model } = trained;
  const size = data.dataset.channels * data.dataset.steps;
  const test = gatherRows(data.scaled, size, data.split.test.subarray(0, 5)).map(
    (value) => value * (1 + 2e-7),
  );
  // Training rows are a matter of memorisation, not of the test set.
  const known = gatherRows(data.scaled, size, data.split.train.subarray(0, 20));
  const scores = async (synthetic: Float32Array) =>
    (await evaluateFinished(engine, data, options, { ...model, synthetic })).evaluation.leaks!;
  const leaky = await scores(Float32Array.from([...known, ...test]));
  expect(leaky).toEqual({ nearDuplicates: 0, syntheticRows: 25, syntheticCopies: 5 });
  expect(copyWarnings(leaky)).toEqual(['5 of 25 synthetic rows are within 1e-6 (scaled) of a test row']);
  const honest = await scores(known);
  expect(honest).toEqual({ nearDuplicates: 0, syntheticRows: 20, syntheticCopies: 0 });
  expect(copyWarnings(honest)).toEqual([]);
});

test('a positive factor on all values changes no score: the limits are fitted again', async () => {
  const { dataset, split } = drivers;
  const { sha256: _, rows: __, ...parts } = dataset;
  // A power of two, so that float32 rounds the same way; any other factor agrees to rounding.
  const larger: Dataset = createDataset({ ...parts, values: dataset.values.map((value) => 8 * value) });
  const again = await trainOn({ dataset: larger, split });
  expect(again.model.classifier).toEqual(trained.model.classifier);
  const [wanted, found] = await Promise.all(
    [trained, again].map(({ data, model }) => evaluateFinished(engine, data, options, model)),
  );
  expect(found).toEqual(wanted);
});

test('prior correction is of the calibrated probabilities', () => {
  const trainPriors = [0.8, 0.2];
  const task = { labels: Uint8Array.of(1, 0), classNames: ['a', 'b'], trainPriors };
  // 0.75 / 0.8 against 0.25 / 0.2 says b; softened to 0.6 / 0.4 it says b, sharpened to 0.9 / 0.1 it says a.
  const corrected = (p: number): number =>
    evaluate({ ...task, probabilities: Float32Array.of(p, 1 - p, 1, 0) }).priorCorrected.accuracy;
  expect([corrected(0.75), corrected(0.6), corrected(0.9)]).toEqual([1, 1, 0.5]);
});
