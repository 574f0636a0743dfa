import { leakedRows } from '../data/leaked-rows.ts';
import { type Evaluation, evaluate, type LeakCounts } from '../evaluation/metrics.ts';
import { fitTemperature } from '../evaluation/temperature.ts';
import { layoutOf, weightsKey } from '../models/networks.ts';
import { layoutSize } from '../models/parameters.ts';
import type { ModelSpec } from '../models/spec.ts';
import type { Engine } from '../tensor/engine.ts';
import type { TrainingOptions } from './options.ts';
import { Scorer } from './scoring.ts';
import type { SplitLeaks } from './split-leaks.ts';
import { priorsOf, type TrainingData } from './training-data.ts';

/** A trained classifier, and what is known beside it. */
export interface FinishedModel {
  readonly spec: ModelSpec;
  /** The selected snapshot of C, flat. */
  readonly classifier: Float32Array;
  /** Scaled rows drawn from G, to be compared with the test rows; undefined without G. */
  readonly synthetic: Float32Array | undefined;
  readonly splitLeaks: SplitLeaks;
}

/**
 * Fits the temperature on the validation rows, then scores the test rows with the probabilities that the version will serve.
 * A function of its arguments alone.
 */
export async function evaluateFinished(
  engine: Engine,
  data: TrainingData,
  options: TrainingOptions,
  model: FinishedModel,
): Promise<{ evaluation: Evaluation; temperature: number }> {
  const { dataset, split } = data;
  const labelsOf = (rows: Uint32Array): Uint8Array => Uint8Array.from(rows, (row) => dataset.labels[row]!);
  const idsOf = (ids: Int32Array | undefined): Int32Array | undefined =>
    ids && Int32Array.from(split.test, (row) => ids[row]!);
  const labels = labelsOf(split.test);
  const task = { labels, classNames: dataset.classNames, trainPriors: priorsOf(data) };
  const [plain, validation] = await probabilities(engine, data, model, 1, [split.test, split.validation]);
  const calibrates = options.calibrate === 'temperature';
  const temperature = calibrates
    ? fitTemperature(validation!, labelsOf(split.validation), dataset.classNames.length)
    : 1;
  const [served] = await probabilities(engine, data, model, temperature, [split.test]);
  const { brier, ece, logLoss } = evaluate({ ...task, probabilities: plain! });
  const evaluation = {
    ...evaluate({
      ...task,
      probabilities: served!,
      groups: idsOf(dataset.groups),
      clips: idsOf(dataset.clips),
      seed: options.seed,
    }),
    calibration: { temperature, ...(calibrates && { uncalibrated: { brier, ece, logLoss } }) },
    leaks: countLeaks(data, model),
  };
  return { evaluation, temperature };
}

/** Probabilities `[rows, classes]` of each list of rows, by the program that serves. */
async function probabilities(
  engine: Engine,
  { dataset, limits }: TrainingData,
  { spec, classifier }: FinishedModel,
  temperature: number,
  lists: readonly Uint32Array[],
): Promise<Float32Array[]> {
  const key = weightsKey('classifier');
  const state = engine.createState(
    { [key]: [layoutSize(layoutOf('classifier', spec))] },
    { [key]: classifier },
  );
  const scorer = await Scorer.open(engine, spec, limits, state, temperature);
  const found: Float32Array[] = [];
  try {
    for (const rows of lists) found.push(await scorer.probabilities(dataset.values, rows));
  } finally {
    await scorer.dispose();
    state.dispose();
  }
  return found;
}

function countLeaks(data: TrainingData, { synthetic, splitLeaks }: FinishedModel): LeakCounts {
  const { dataset, split, scaled } = data;
  const size = dataset.channels * dataset.steps;
  const copies = synthetic
    ? leakedRows({ values: synthetic }, { values: scaled, rows: split.test }, size)
    : [];
  return {
    nearDuplicates: splitLeaks.testRows,
    syntheticRows: (synthetic?.length ?? 0) / size,
    syntheticCopies: copies.length,
  };
}
