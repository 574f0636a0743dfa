/** One run of an experiment from dataset to result, on one engine. The process around it is somebody else's. */
import { setImmediate } from 'node:timers/promises';
import type { Split } from '../data/dataset.ts';
import { openDataset } from '../data/open-dataset.ts';
import { evaluate } from '../evaluation/metrics.ts';
import { correctPriors } from '../evaluation/prior-correction.ts';
import { layoutOf, weightsKey } from '../models/networks.ts';
import { layoutSize } from '../models/parameters.ts';
import { drawRows } from '../synthesis/draw-rows.ts';
import type { Engine } from '../tensor/engine.ts';
import { evaluateFinished } from '../training/final-evaluation.ts';
import {
  parseRegimeName,
  parseSplitOptions,
  parseTrainingOptions,
  type TrainingOptions,
} from '../training/options.ts';
import type { TrainingUpdate } from '../training/progress.ts';
import { REGIMES } from '../training/regimes/table.ts';
import { Scorer } from '../training/scoring.ts';
import { copyWarnings, findSplitLeaks, leakWarnings, type SplitLeaks } from '../training/split-leaks.ts';
import { splitRows } from '../training/split-rows.ts';
import { type TrainingResult, train } from '../training/trainer.ts';
import { prepareData, priorsOf, type TrainingData } from '../training/training-data.ts';
import { scoreBayes } from './bayes.ts';
import { thinTrainingRows } from './class-shares.ts';
import type { RunJob, RunOutcome, RunResult, RunStopped, Separability } from './run-result.ts';
import { measureSeparability } from './separability.ts';
import { countBySubject } from './subjects.ts';

/** How a run meets the process that it runs in. */
export interface RunContext {
  readonly engine: Engine;
  readonly stopRequested: () => 'cancel' | 'stop' | undefined;
  readonly onUpdate: (update: TrainingUpdate) => void;
  /** Lets more urgent work go first. */
  readonly idle: () => Promise<void>;
}

/** A training that is over, with what it was made of. */
export interface TrainedRun {
  readonly kind: 'trained';
  readonly options: TrainingOptions;
  readonly data: TrainingData;
  readonly by: string;
  readonly splitLeaks: SplitLeaks;
  readonly training: TrainingResult;
}

/** Loads, divides, thins and trains; goes on from the checkpoint in the job's directory, also from a last one. */
export async function trainRun(job: RunJob, context: RunContext): Promise<TrainedRun | RunStopped> {
  const regime = parseRegimeName(job.regime);
  const options = parseTrainingOptions(job.options, regime);
  const { dataset, split: own } = await openDataset(job.dataset);
  const { split: whole, by } = splitRows(dataset, own, parseSplitOptions(job.split), job.seed);
  const split: Split = job.classShares ? thinTrainingRows(dataset, whole, job.classShares, job.seed) : whole;
  const data = prepareData(dataset, split, options);
  const splitLeaks = findSplitLeaks(data);
  const training = await train({
    engine: context.engine,
    regime: REGIMES[regime],
    options,
    data,
    warnings: leakWarnings(splitLeaks),
    directory: job.directory,
    stopRequested: context.stopRequested,
    onUpdate: context.onUpdate,
    pause: async () => {
      await setImmediate();
      await context.idle();
    },
    clock: () => performance.now() / 1000,
  });
  if (training.kind !== 'finished') return training;
  return { kind: 'trained', options, data, by, splitLeaks, training };
}

/** Trains and scores on the test rows. The same job gives the same numbers on the same engine, but for its times. */
export async function runExperiment(job: RunJob, context: RunContext): Promise<RunOutcome> {
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
    synthetic: await drawnRows(engine, trained),
    splitLeaks: trained.splitLeaks,
  });
  const { probabilities, separability } = await askClassifier(engine, trained, temperature);
  const corrected = correctPriors(probabilities, trainPriors);
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

/** Rows of every class that are looked at for copies of test rows. */
const PROBED_ROWS = 256;

/** Rows of the generator, where there is one. */
async function drawnRows(
  engine: Engine,
  { data, training: { spec, weights }, options }: TrainedRun,
): Promise<Float32Array | undefined> {
  if (!weights.generator) return undefined;
  const amount = { seed: options.seed, perClass: PROBED_ROWS };
  return drawRows(engine, spec, data.limits, weights.generator, amount);
}

/** The selected snapshot of C on the test rows: the answers that were evaluated, and how far apart it puts the classes. */
async function askClassifier(
  engine: Engine,
  { data, training, options }: TrainedRun,
  temperature: number,
): Promise<{ probabilities: Float32Array; separability: Separability }> {
  const { dataset, limits, split } = data;
  const { spec, weights } = training;
  const key = weightsKey('classifier');
  const state = engine.createState(
    { [key]: [layoutSize(layoutOf('classifier', spec))] },
    { [key]: weights.classifier! },
  );
  try {
    const scorer = await Scorer.open(engine, spec, limits, state, temperature);
    let probabilities: Float32Array;
    try {
      probabilities = await scorer.probabilities(dataset.values, split.test);
    } finally {
      await scorer.dispose();
    }
    const model = { engine, spec, limits, state };
    return {
      probabilities,
      separability: await measureSeparability(model, dataset, split.test, options.seed),
    };
  } finally {
    state.dispose();
  }
}
