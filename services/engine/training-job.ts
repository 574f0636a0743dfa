import { setImmediate } from 'node:timers/promises';
import { openDataset } from '../../src/data/open-dataset.ts';
import { evaluate } from '../../src/evaluation/metrics.ts';
import { layoutOf, weightsKey } from '../../src/models/networks.ts';
import { layoutSize } from '../../src/models/parameters.ts';
import { writeBundle } from '../../src/registry/bundle.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { parseRegimeName, parseSplitOptions, parseTrainingOptions } from '../../src/training/options.ts';
import type { TrainingUpdate } from '../../src/training/progress.ts';
import { REGIMES } from '../../src/training/regimes/table.ts';
import { Scorer } from '../../src/training/scoring.ts';
import { splitRows } from '../../src/training/split-rows.ts';
import { type TrainingResult, train } from '../../src/training/trainer.ts';
import { prepareData, type TrainingData } from '../../src/training/training-data.ts';
import type { TrainingJob, TrainingOutcome } from './protocol.ts';

/** How a training meets the process it runs in. */
export interface JobContext {
  readonly engine: Engine;
  readonly stopRequested: () => 'cancel' | 'stop' | undefined;
  readonly onUpdate: (update: TrainingUpdate) => void;
  /** Lets more urgent work go first. */
  readonly idle: () => Promise<void>;
}

/** Runs a job from dataset to bundle: load, split, train, evaluate on the test rows, write. */
export async function runTrainingJob(job: TrainingJob, context: JobContext): Promise<TrainingOutcome> {
  const regime = parseRegimeName(job.regime);
  const options = parseTrainingOptions(job.options, regime);
  const splitOptions = parseSplitOptions(job.split);
  const opened = await openDataset(job.dataset);
  const { split, by } = splitRows(opened.dataset, opened.split, splitOptions, options.seed);
  const data = prepareData(opened.dataset, split, options);
  const result = await train({
    engine: context.engine,
    regime: REGIMES[regime],
    options,
    data,
    directory: job.directory,
    stopRequested: context.stopRequested,
    onUpdate: context.onUpdate,
    pause: async () => {
      await setImmediate();
      await context.idle();
    },
    clock: () => performance.now() / 1000,
  });
  if (result.kind !== 'finished') return result;
  const configuration = {
    regime,
    options,
    split: {
      ...splitOptions,
      by,
      train: split.train.length,
      validation: split.validation.length,
      test: split.test.length,
    },
    networks: result.spec,
    // Training rows per class, in class order: the priors that the classifier has learned.
    classRows: data.classRows,
    iterationsPerEpoch: data.iterations,
    classifierUpdates: result.counters.classifierUpdates,
    selectedEpoch: result.counters.best.epoch,
    engine: context.engine.version,
  };
  const trainPriors = priorsOf(data);
  const evaluation = evaluate({
    probabilities: await testProbabilities(context.engine, data, result),
    labels: Uint8Array.from(split.test, (row) => data.dataset.labels[row]!),
    classNames: data.dataset.classNames,
    trainPriors,
  });
  const { channels, steps, channelNames, classNames } = data.dataset;
  const { latentSize, kernelHeight, generatorArchitecture } = options;
  const manifest = {
    channels,
    steps,
    channelNames,
    classNames,
    limits: { low: [...data.limits.low], high: [...data.limits.high] },
    trainPriors,
    networks: { latentSize, kernelHeight, generatorArchitecture },
    evaluation,
    lineage: {
      run: job.run,
      regime,
      dataset: job.datasetName,
      datasetSha256: data.dataset.sha256,
      seed: options.seed,
      codeVersion: job.codeVersion,
      engine: context.engine.name,
      configuration,
    },
  };
  await writeBundle(job.bundleDirectory, manifest, result.weights);
  return { kind: 'succeeded', evaluation, configuration };
}

function priorsOf({ classRows }: TrainingData): number[] {
  const total = classRows.reduce((sum, rows) => sum + rows, 0);
  return classRows.map((rows) => rows / total);
}

/** The selected snapshot on the test rows. */
async function testProbabilities(
  engine: Engine,
  data: TrainingData,
  result: TrainingResult,
): Promise<Float32Array> {
  const key = weightsKey('classifier');
  const state = engine.createState(
    { [key]: [layoutSize(layoutOf('classifier', result.spec))] },
    { [key]: result.weights.classifier! },
  );
  const scorer = await Scorer.open(engine, result.spec, data.limits, state);
  try {
    return await scorer.probabilities(data.dataset.values, data.split.test);
  } finally {
    await scorer.dispose();
    state.dispose();
  }
}
