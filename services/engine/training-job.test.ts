import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/data/safetensors.ts';
import { toProbabilities } from '../../src/models/probabilities.ts';
import { CLASSIFIER_ARCHITECTURES } from '../../src/models/spec.ts';
import { readManifest, verifyBundle } from '../../src/registry/bundle-files.ts';
import { drawScored } from '../../src/synthesis/draw-scored.ts';
import { SCORES } from '../../src/synthesis/row-scores.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { openOnnxruntime } from '../../src/tensor/onnxruntime/engine.ts';
import { engineTest, REAL_ENGINES } from '../../test/support/engines.ts';
import { HostedModel } from './model-host.ts';
import type { TrainingJob, TrainingOutcome } from './protocol.ts';
import { runTrainingJob } from './training-job.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vigil-job-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const onnxruntime = openOnnxruntime({ threads: 1 });

function job(name: string, regime: string, options: Record<string, unknown> = {}): TrainingJob {
  return {
    run: `runs/${name}`,
    dataset: 'simulated:small?rows=60&steps=20',
    datasetName: 'simulated',
    regime,
    options: { epochs: 3, latentSize: 16, ...options },
    split: undefined,
    directory: join(directory, name),
    bundleDirectory: join(directory, `${name}-bundle`),
    codeVersion: 'test',
  };
}

/** Runs a job, asking it to stop once `stopAfter` iterations are done. */
async function run(
  work: TrainingJob,
  {
    engine = onnxruntime,
    stopAfter = Number.POSITIVE_INFINITY,
  }: { engine?: Engine; stopAfter?: number } = {},
): Promise<TrainingOutcome> {
  let iterations = 0;
  // Preparations ask too; the first update comes when they are over.
  let training = false;
  return runTrainingJob(work, {
    engine,
    stopRequested: () => (training && iterations++ >= stopAfter ? 'stop' : undefined),
    onUpdate: () => {
      training = true;
    },
    idle: async () => {},
  });
}

const REGIMES: Readonly<Record<string, Record<string, unknown>>> = {
  classifier_only: {},
  joint_scratch: {},
  joint_snapshot: { unfreezeAfter: 1, pretrainEpochs: 2 },
  two_stage: { epochs: 1, pretrainEpochs: 1 },
  smote: {},
  joint_recommended: { syntheticWeights: 'density_ratio' },
};

for (const engineCase of REAL_ENGINES) {
  for (const [regime, options] of Object.entries(REGIMES)) {
    const title = `${regime}: a run stopped twice and resumed writes the same bits as one that never stopped`;
    engineTest(engineCase, title, async () => {
      const engine = await engineCase.open();
      const whole = await run(job('whole', regime, options), { engine });
      expect(whole.kind).toBe('succeeded');
      const parts = job('parts', regime, options);
      const first = await run(parts, { engine, stopAfter: 6 });
      expect(first).toEqual({ kind: 'stopped', checkpointEpoch: 1 });
      expect((await run(parts, { engine, stopAfter: 5 })).kind).toBe('stopped');
      const last = await run(parts, { engine });
      expect(last).toEqual(whole);
      const [wanted, found] = [
        await verifyBundle(join(directory, 'whole-bundle')),
        await verifyBundle(join(directory, 'parts-bundle')),
      ];
      expect(found.manifest.files).toEqual(wanted.manifest.files);
      const networks = ['classifier_only', 'smote'].includes(regime) ? 1 : 3;
      expect(Object.keys(wanted.manifest.files).length).toBe(networks);
      await engine.dispose();
    });
  }
}

test.each(CLASSIFIER_ARCHITECTURES)(
  '%s: a hosted model answers, and rows do not depend on how they are asked for',
  async (classifierArchitecture) => {
    const { kind } = await run(job('model', 'joint_scratch', { classifierArchitecture }));
    expect(kind).toBe('succeeded');
    const model = await HostedModel.load(onnxruntime, '1', join(directory, 'model-bundle'));
    const values = new Float32Array(70 * 18 * 20).map((_, i) => Math.sin(i));
    const together = await model.classify(70, values);
    expect(together.logits.length).toBe(70 * 3);
    const alone = await model.classify(1, values.subarray(69 * 360, 70 * 360));
    for (const part of ['logits', 'embedding'] as const) {
      const width = together[part].length / 70;
      expect(alone[part].length).toBe(width);
      alone[part].forEach((value, k) => {
        expect(value).toBeCloseTo(together[part][69 * width + k]!, 5);
      });
    }
    const synthesis = model.synthesis!;
    const all = await synthesis.sampler.sample(1, 9, 0, 100, 'original');
    const middle = await synthesis.sampler.sample(1, 9, 41, 7, 'original');
    expect(middle).toEqual(all.slice(41 * 360, 48 * 360));
    for (const units of ['original', 'scaled'] as const) {
      const asked = { classIndex: 1, seed: 9, units };
      const scored = await drawScored(synthesis, { ...asked, firstRow: 0, rows: 100 }, SCORES);
      expect(scored.values).toEqual(await synthesis.sampler.sample(1, 9, 0, 100, units));
      const part = await drawScored(synthesis, { ...asked, firstRow: 41, rows: 30 }, SCORES);
      for (const name of SCORES) expect(part.scores[name]).toEqual(scored.scores[name]!.slice(41, 71));
      if (units === 'scaled') continue;
      // What C says of a row is what Classify answers for it.
      const { logits } = await model.classify(100, scored.values);
      const { temperature } = await readManifest(join(directory, 'model-bundle'));
      toProbabilities(logits, 3, temperature).forEach((p, i) => {
        if (i % 3 === 1) expect(scored.scores.c![Math.floor(i / 3)]).toBeCloseTo(p, 5);
      });
    }
    await model.dispose();
  },
);

test('a checkpoint whose snapshot of C has another shape is refused, with both sizes', async () => {
  await run(job('a', 'joint_snapshot', { pretrainEpochs: 1 }), { stopAfter: 6 });
  const path = join(directory, 'a', 'checkpoint.safetensors');
  const { arrays, metadata } = readSafetensors(await readFile(path), path);
  const shortened = [...arrays].map(([name, { values }]) => {
    const kept = name === 'best' ? values.slice(5) : values;
    return { name, shape: [kept.length], values: kept };
  });
  await writeFile(path, writeSafetensors(shortened, metadata));
  const whole = arrays.get('best')!.values.length;
  await expect(run(job('a', 'joint_snapshot', { pretrainEpochs: 1 }))).rejects.toMatchObject({
    code: 'MODEL_INCOMPATIBLE',
    message: expect.stringContaining(`snapshot of the classifier has ${whole - 5} values; allowed: ${whole}`),
  });
});

test('a checkpoint of another configuration is refused', async () => {
  await run(job('a', 'classifier_only'), { stopAfter: 6 });
  await expect(run({ ...job('a', 'classifier_only', { seed: 2 }) })).rejects.toThrow('another configuration');
  expect((await stat(join(directory, 'a', 'checkpoint.safetensors'))).isFile()).toBe(true);
});
