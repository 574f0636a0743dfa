import { fitReference } from '../../src/drift/reference.ts';
import { writeBundle } from '../../src/registry/bundle.ts';
import { probeGenerator } from '../../src/synthesis/draw-rows.ts';
import { evaluateFinished } from '../../src/training/final-evaluation.ts';
import type { TrainingProgress, TrainingUpdate } from '../../src/training/progress.ts';
import { copyWarnings } from '../../src/training/split-leaks.ts';
import { type TrainingContext, trainDataset } from '../../src/training/train-dataset.ts';
import { priorsOf } from '../../src/training/training-data.ts';
import type { TrainingJob, TrainingOutcome } from './protocol.ts';

/** Runs a job from dataset to bundle: load, split, train, evaluate on the test rows, write. */
export async function runTrainingJob(job: TrainingJob, context: TrainingContext): Promise<TrainingOutcome> {
  let progress: TrainingProgress | undefined;
  const onUpdate = (update: TrainingUpdate): void => {
    progress = update.progress;
    context.onUpdate(update);
  };
  const trained = await trainDataset(job, { ...context, onUpdate });
  if (trained.kind !== 'trained') return trained;
  const { regime, options, splitOptions, by, data, splitLeaks, training: result } = trained;
  const { split, limits } = data;
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
    synthetic: await probeGenerator(
      context.engine,
      result.spec,
      limits,
      result.weights.generator,
      options.seed,
    ),
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
    drift: fitReference(data.dataset, split.train),
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
