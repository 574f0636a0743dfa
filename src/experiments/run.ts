/** One run of an experiment from dataset to result, on one engine. The process around it is somebody else's. */
import { evaluate } from '../evaluation/metrics.ts';
import { correctPriors } from '../evaluation/prior-correction.ts';
import { layoutOf, weightsKey } from '../models/networks.ts';
import { layoutSize } from '../models/parameters.ts';
import { probeGenerator } from '../synthesis/draw-rows.ts';
import type { Engine } from '../tensor/engine.ts';
import { evaluateFinished } from '../training/final-evaluation.ts';
import { Scorer } from '../training/scoring.ts';
import { copyWarnings } from '../training/split-leaks.ts';
import { type TrainedRun, type TrainingContext, trainDataset } from '../training/train-dataset.ts';
import { priorsOf } from '../training/training-data.ts';
import { scoreBayes } from './bayes.ts';
import { thinTrainingRows } from './class-shares.ts';
import type { RunJob, RunOutcome, RunResult, RunStopped, Separability } from './run-result.ts';
import { measureSeparability } from './separability.ts';
import { countBySubject } from './subjects.ts';

/** Loads, divides, thins and trains; goes on from the checkpoint in the job's directory, also from a last one. */
export function trainRun(job: RunJob, context: TrainingContext): Promise<TrainedRun | RunStopped> {
  const { classShares, seed } = job;
  return trainDataset(
    classShares
      ? { ...job, thin: (dataset, split) => thinTrainingRows(dataset, split, classShares, seed) }
      : job,
    context,
  );
}

/** Trains and scores on the test rows. The same job gives the same numbers on the same engine, but for its times. */
export async function runExperiment(job: RunJob, context: TrainingContext): Promise<RunOutcome> {
  const trained = await trainRun(job, context);
  if (trained.kind !== 'trained') return trained;
  const { engine } = context;
  const { data, training, options } = trained;
  const { dataset, split, classRows } = data;
  const { classNames, groups, clips } = dataset;
  const classes = classNames.length;
  const trainPriors = priorsOf(data);
  const { evaluation, temperature } = await evaluateFinished(engine, data, options, {
    spec: training.spec,
    classifier: training.weights.classifier!,
    synthetic: await probeGenerator(
      engine,
      training.spec,
      data.limits,
      training.weights.generator,
      options.seed,
    ),
    splitLeaks: trained.splitLeaks,
  });
  const { probabilities, plain, separability } = await askClassifier(engine, trained, temperature);
  // Not of the calibrated ones: where training rows were thinned and validation rows were not, the temperature has made up
  // for a part of the priors already.
  const corrected = correctPriors(plain, trainPriors);
  const labels = Uint8Array.from(split.test, (row) => dataset.labels[row]!);
  const idsOf = (ids: Int32Array | undefined): Int32Array | undefined =>
    ids && Int32Array.from(split.test, (row) => ids[row]!);
  const subjects = idsOf(groups);
  const { counters } = training;
  const { train: trainRows, validation, test } = split;
  const result: RunResult = {
    id: job.id,
    regime: job.regime,
    options,
    seed: job.seed,
    fold: job.fold,
    data: {
      name: job.datasetName,
      sha256: dataset.sha256,
      classNames,
      split: { by: trained.by, train: trainRows.length, validation: validation.length, test: test.length },
      classRows,
      classShares: job.classShares ?? null,
    },
    evaluation,
    priorCorrected: evaluate({
      probabilities: corrected,
      labels,
      classNames,
      // Once is enough: equal priors correct nothing.
      trainPriors: classNames.map(() => 1 / classes),
      groups: subjects,
      clips: idsOf(clips),
      seed: job.seed,
    }),
    subjects: subjects ? countBySubject({ probabilities, corrected, labels, subjects, classes }) : null,
    bayes: scoreBayes(job.datasetName, dataset, test, trainPriors),
    separability,
    history: counters.history,
    warnings: [...counters.warnings, ...copyWarnings(evaluation.leaks!)],
    iterationsPerEpoch: data.iterations,
    classifierUpdates: counters.classifierUpdates,
    selectedEpoch: counters.best.epoch,
    trainingSeconds: counters.history.reduce((sum, { seconds }) => sum + seconds, 0),
    engine: engineOf(engine),
    codeVersion: job.codeVersion,
    node: process.version,
  };
  return { kind: 'finished', result };
}

const engineOf = ({ name, device, version }: Engine): RunResult['engine'] => ({ name, device, version });

/**
 * The selected snapshot of C on the test rows: the answers that were evaluated, the same at temperature 1, and how far
 * apart it puts the classes.
 */
async function askClassifier(
  engine: Engine,
  { data, training, options }: TrainedRun,
  temperature: number,
): Promise<{ probabilities: Float32Array; plain: Float32Array; separability: Separability }> {
  const { dataset, limits, split } = data;
  const { spec, weights } = training;
  const key = weightsKey('classifier');
  const state = engine.createState(
    { [key]: [layoutSize(layoutOf('classifier', spec))] },
    { [key]: weights.classifier! },
  );
  try {
    const answers = async (at: number): Promise<Float32Array> => {
      const scorer = await Scorer.open(engine, spec, limits, state, at);
      try {
        return await scorer.probabilities(dataset.values, split.test);
      } finally {
        await scorer.dispose();
      }
    };
    const model = { engine, spec, limits, state };
    return {
      probabilities: await answers(temperature),
      plain: await answers(1),
      separability: await measureSeparability(model, dataset, split.test, options.seed),
    };
  } finally {
    state.dispose();
  }
}
