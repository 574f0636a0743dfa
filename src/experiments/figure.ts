/** Figure 2 of one run: real rows, and synthetic ones before and after training, in one embedding. */
import { setImmediate } from 'node:timers/promises';
import { gatherRows, rowsByClass } from '../data/batches.ts';
import { VigilError } from '../errors.ts';
import { embed } from '../evaluation/embedding/embed.ts';
import { layoutOf } from '../models/networks.ts';
import { initialWeights } from '../models/parameters.ts';
import { permutation, randomKey } from '../random.ts';
import { drawRows } from '../synthesis/draw-rows.ts';
import type { Engine } from '../tensor/engine.ts';
import type { TrainingContext } from '../training/train-dataset.ts';
import type { TrainingResult } from '../training/trainer-settings.ts';
import type { TrainingData } from '../training/training-data.ts';
import type { FigureOutcome, FigurePoint } from './figure-points.ts';
import { trainRun } from './run.ts';
import type { RunJob } from './run-result.ts';

/** Rows of each class and source: enough to see shapes, few enough to see points. */
const ROWS_PER_CLASS = 150;

/**
 * Embeds real training rows with rows of the untrained and of the trained generator, all scaled as the networks see them, at
 * once: the same map before and after. Goes on from the run's checkpoint. MODEL_INCOMPATIBLE for a run without a generator.
 */
export async function embedRun(job: RunJob, context: TrainingContext): Promise<FigureOutcome> {
  const trained = await trainRun(job, context);
  if (trained.kind !== 'trained') return trained;
  const { data, training } = trained;
  const { weights, spec } = training;
  if (!weights.generator) throw new VigilError('MODEL_INCOMPATIBLE', `run ${job.id} has no generator`);
  const untrained = initialWeights(layoutOf('generator', spec), trained.options.seed, 'generator');
  const parts = [
    realRows(data, job.seed),
    await syntheticRows(context.engine, data, training, untrained, 'before', job.seed),
    await syntheticRows(context.engine, data, training, weights.generator, 'after', job.seed),
  ];
  const sources = parts.flatMap(({ points }) => points);
  const size = spec.channels * spec.steps;
  const values = new Float32Array(sources.length * size);
  parts.reduce((at, part) => {
    values.set(part.values, at);
    return at + part.values.length;
  }, 0);
  const places = await embed(values, sources.length, job.seed, async () => {
    await setImmediate();
    await context.idle();
  });
  const points = sources.map(
    (source, at): FigurePoint => ({ ...source, x: places[2 * at]!, y: places[2 * at + 1]! }),
  );
  return { kind: 'finished', points: { run: job.id, classNames: data.dataset.classNames, points } };
}

interface Part {
  readonly values: Float32Array;
  readonly points: readonly Pick<FigurePoint, 'source' | 'label'>[];
}

const sourceOf = (rows: number, source: FigurePoint['source'], label: number): Part['points'] =>
  Array.from({ length: rows }, () => ({ source, label }));

function realRows({ dataset, scaled, split }: TrainingData, seed: number): Part {
  const chosen = rowsByClass(dataset, split.train).map((rows, label) => {
    const order = permutation(randomKey(seed, 'figure/real', label), rows.length);
    return [...order.subarray(0, ROWS_PER_CLASS)].map((at) => rows[at]!);
  });
  const size = dataset.channels * dataset.steps;
  return {
    values: gatherRows(scaled, size, Uint32Array.from(chosen.flat())),
    points: chosen.flatMap((rows, label) => sourceOf(rows.length, 'real', label)),
  };
}

async function syntheticRows(
  engine: Engine,
  { dataset, limits }: TrainingData,
  { spec }: TrainingResult,
  weights: Float32Array,
  source: 'before' | 'after',
  seed: number,
): Promise<Part> {
  const values = await drawRows(engine, spec, limits, weights, { seed, perClass: ROWS_PER_CLASS });
  const labels = [...dataset.classNames.keys()];
  return { values, points: labels.flatMap((label) => sourceOf(ROWS_PER_CLASS, source, label)) };
}
