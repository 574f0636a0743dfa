/** What a hosted version answers, held to what its evaluation says; and bundles of earlier versions of Vigil. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatherRows } from '../../src/data/batches.ts';
import { openDataset } from '../../src/data/open-dataset.ts';
import { evaluate } from '../../src/evaluation/metrics.ts';
import { toProbabilities } from '../../src/models/probabilities.ts';
import { readManifest, verifyBundle } from '../../src/registry/bundle-files.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import { openOnnxruntime } from '../../src/tensor/onnxruntime/engine.ts';
import { fromEvaluation } from '../client/evaluation.ts';
import { toEvaluation } from '../evaluation/convert.ts';
import { EvaluationSchema } from '../gen/vigil/v1/evaluation_pb.ts';
import { HostedModel } from './model-host.ts';
import { runTrainingJob } from './training-job.ts';

const DATASET = 'simulated:small?rows=120&steps=16';
const engine = openOnnxruntime({ threads: 1 });
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vigil-calibrated-'));
  for (const calibrate of ['temperature', 'none']) await trainBundle(calibrate);
});
afterAll(async () => {
  await engine.dispose();
  await rm(directory, { recursive: true });
});

const bundle = (name: string): string => join(directory, name);

async function trainBundle(calibrate: string): Promise<void> {
  const outcome = await runTrainingJob(
    {
      run: `runs/${calibrate}`,
      dataset: DATASET,
      datasetName: 'simulated',
      regime: 'classifier_only',
      options: { epochs: 3, classifierLearningRate: 3e-3, calibrate },
      split: undefined,
      directory: join(directory, `${calibrate}-run`),
      bundleDirectory: bundle(calibrate),
      codeVersion: 'test',
    },
    { engine, stopRequested: () => undefined, onUpdate: () => {}, idle: async () => {} },
  );
  expect(outcome.kind).toBe('succeeded');
}

/** The test rows of the training, as a client sends them, and what the bundle answers. */
async function answers(name: string): Promise<{ probabilities: Float32Array; labels: Uint8Array }> {
  const { dataset, split } = await openDataset(DATASET);
  const model = await HostedModel.load(engine, '1', bundle(name));
  const rows = split!.test;
  const values = gatherRows(dataset.values, dataset.channels * dataset.steps, rows);
  const { logits } = await model.classify(rows.length, values);
  await model.dispose();
  const { temperature } = await readManifest(bundle(name));
  const probabilities = toProbabilities(logits, dataset.classNames.length, temperature);
  return { probabilities, labels: Uint8Array.from(rows, (row) => dataset.labels[row]!) };
}

test('the scores of a version are those of the probabilities that it serves', async () => {
  const { evaluation, trainPriors, classNames, temperature } = await readManifest(bundle('temperature'));
  const { probabilities, labels } = await answers('temperature');
  const served = evaluate({ probabilities, labels, classNames, trainPriors });
  expect(temperature).not.toBe(1);
  expect(evaluation.calibration?.temperature).toBe(temperature);
  // Serving runs other batch sizes than scoring, which round otherwise.
  for (const score of ['ece', 'logLoss', 'brier', 'macroAuc'] as const)
    expect(served[score], score).toBeCloseTo(evaluation[score]!, 4);
  expect(served.confusion).toEqual(evaluation.confusion);
  expect(served.priorCorrected.confusion).toEqual(evaluation.priorCorrected.confusion);
});

test('the temperature divides the logits: it changes what is served and not what is answered', async () => {
  const { temperature, evaluation } = await readManifest(bundle('temperature'));
  const plain = await answers('none');
  const calibrated = await answers('temperature');
  const classes = 3;
  for (let start = 0; start < plain.probabilities.length; start += classes) {
    const weights = [...plain.probabilities.subarray(start, start + classes)].map(
      (p) => p ** (1 / temperature!),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let k = 0; k < classes; k++)
      expect(calibrated.probabilities[start + k]).toBeCloseTo(weights[k]! / total, 4);
  }
  const without = await readManifest(bundle('none'));
  expect(without.temperature).toBe(1);
  expect(without.files).toEqual((await readManifest(bundle('temperature'))).files);
  expect(without.evaluation.confusion).toEqual(evaluation.confusion);
  expect(evaluation.calibration?.uncalibrated?.ece).toBe(without.evaluation.ece);
});

/** Writes the bundle's manifest anew. */
async function rewrite(name: string, change: (manifest: BundleManifest) => object): Promise<void> {
  const path = join(bundle(name), 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as BundleManifest;
  await writeFile(path, JSON.stringify(change(manifest)));
}

test('a bundle of an earlier version, without temperature and the newer scores, loads and serves as it did', async () => {
  const before = await answers('none');
  await rewrite('none', ({ temperature: _, evaluation, ...rest }) => {
    const { reliability, macroAccuracyInterval, groups, clips, calibration, leaks, ...old } = evaluation;
    expect([reliability, groups, calibration, leaks]).not.toContain(undefined);
    expect([macroAccuracyInterval, clips]).toEqual([undefined, undefined]);
    return { ...rest, evaluation: old };
  });
  expect((await answers('none')).probabilities).toEqual(before.probabilities);
  const { manifest } = await verifyBundle(bundle('none'));
  const message = create(EvaluationSchema, toEvaluation(manifest.evaluation));
  expect(message).toMatchObject({ reliability: [], rows: BigInt(manifest.evaluation.rows) });
  expect(message.calibration).toBeUndefined();
  expect(fromEvaluation(message).macroAccuracy).toBe(manifest.evaluation.macroAccuracy);
});

test('an evaluation crosses the wire whole', () => {
  const scores = evaluate({
    probabilities: Float32Array.of(0.7, 0.3, 0.2, 0.8, 0.6, 0.4, 0.1, 0.9),
    labels: Uint8Array.of(0, 1, 1, 1),
    classNames: ['a', 'b'],
    trainPriors: [0.25, 0.75],
    groups: [3, 3, 4, 4],
    clips: [0, 1, 0, 0],
  });
  expect([scores.groups, scores.clips, scores.macroAccuracyInterval]).not.toContain(undefined);
  const evaluation = {
    ...scores,
    calibration: { temperature: 1.5, uncalibrated: { brier: 0.1, ece: 0.2, logLoss: 0.3 } },
    leaks: { nearDuplicates: 1, syntheticRows: 20, syntheticCopies: 2 },
  };
  const bytes = toBinary(EvaluationSchema, create(EvaluationSchema, toEvaluation(evaluation)));
  expect(fromEvaluation(fromBinary(EvaluationSchema, bytes))).toEqual(evaluation);
});

test.each([0, -1, 'warm'])('a manifest whose temperature is %s is corrupt', async (temperature) => {
  const path = bundle('temperature');
  const kept = await readFile(join(path, 'manifest.json'));
  try {
    await rewrite('temperature', (manifest) => ({ ...manifest, temperature }));
    await expect(readManifest(path)).rejects.toThrow(`its temperature is ${JSON.stringify(temperature)}`);
  } finally {
    await writeFile(join(path, 'manifest.json'), kept);
  }
});
