import { setImmediate } from 'node:timers/promises';
import { openDataset } from '../../src/data/open-dataset.ts';
import { writeBundle } from '../../src/registry/bundle.ts';
import { drawRows } from '../../src/synthesis/draw-rows.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { evaluateFinished } from '../../src/training/final-evaluation.ts';
import { parseRegimeName, parseSplitOptions, parseTrainingOptions } from '../../src/training/options.ts';
import type { TrainingProgress, TrainingUpdate } from '../../src/training/progress.ts';
import { REGIMES } from '../../src/training/regimes/table.ts';
import { copyWarnings, findSplitLeaks, leakWarnings } from '../../src/training/split-leaks.ts';
import { splitRows } from '../../src/training/split-rows.ts';
import { type TrainingResult, train } from '../../src/training/trainer.ts';
import { prepareData, priorsOf, type TrainingData } from '../../src/training/training-data.ts';
import { vainOptionWarnings } from '../../src/training/vain-options.ts';
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
  const splitLeaks = findSplitLeaks(data);
  let progress: TrainingProgress | undefined;
  const result = await train({
    engine: context.engine,
    regime: REGIMES[regime],
    options,
    data,
    warnings: [...vainOptionWarnings(job.options, REGIMES[regime]), ...leakWarnings(splitLeaks)],
    directory: job.directory,
    stopRequested: context.stopRequested,
    onUpdate: (update) => {
      progress = update.progress;
      context.onUpdate(update);
    },
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
  const { evaluation, temperature } = await evaluateFinished(context.engine, data, options, {
    spec: result.spec,
    classifier: result.weights.classifier!,
    synthetic: await syntheticRows(context.engine, data, result, options.seed),
    splitLeaks,
  });
  const warnings = copyWarnings(evaluation.leaks!);
  if (progress && warnings.length > 0) context.onUpdate({ progress, epochs: [], warnings });
  const { channels, steps, channelNames, classNames } = data.dataset;
  const { latentSize, kernelHeight, generatorArchitecture, classifierArchitecture } = options;
  const manifest = {
    channels,
    steps,
    channelNames,
    classNames,
    limits: { low: [...data.limits.low], high: [...data.limits.high] },
    trainPriors: priorsOf(data),
    temperature,
    networks: { latentSize, kernelHeight, generatorArchitecture, classifierArchitecture },
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

/** Rows of every class that are looked at for copies of test rows. */
const PROBED_ROWS = 256;

async function syntheticRows(
  engine: Engine,
  { limits }: TrainingData,
  { spec, weights }: TrainingResult,
  seed: number,
): Promise<Float32Array | undefined> {
  if (!weights.generator) return undefined;
  return drawRows(engine, spec, limits, weights.generator, { seed, perClass: PROBED_ROWS });
}
