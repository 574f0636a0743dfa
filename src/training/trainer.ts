import { NETWORKS, weightsKey } from '../models/networks.ts';
import { checkSpec, type ModelSpec } from '../models/spec.ts';
import type { Arrays } from '../tensor/engine.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { TrainingOptions } from './options.ts';
import { planEpochs } from './plan.ts';
import { ProgressReporter } from './progress-reporter.ts';
import { initialState, Run, StopRequest } from './run.ts';
import { trainedShapes } from './steps/network-state.ts';
import type { StopReason, TrainerSettings, TrainingResult, TrainingStopped } from './trainer-settings.ts';
import type { TrainingData } from './training-data.ts';

/** The networks' sizes for a dataset and options. */
export function specOf(data: TrainingData, options: TrainingOptions): ModelSpec {
  const { channels, steps, classNames } = data.dataset;
  const { latentSize, kernelHeight, generatorArchitecture, classifierArchitecture } = options;
  return checkSpec({
    channels,
    steps,
    classes: classNames.length,
    latentSize,
    kernelHeight,
    generatorArchitecture,
    classifierArchitecture,
  });
}

/**
 * Runs a regime to its end, or until asked to stop. The same settings give the same bits on the same engine, whether
 * or not the run was interrupted. Errors: TRAINING_DIVERGED with the iteration, the term and the last checkpoint's epoch.
 */
export async function train(settings: TrainerSettings): Promise<TrainingResult | TrainingStopped> {
  const { engine, regime, options, data, directory } = settings;
  const spec = specOf(data, options);
  const networks = regime.adversarial ? NETWORKS : (['classifier'] as const);
  const fingerprint = JSON.stringify([
    regime.name,
    options,
    data.dataset.sha256,
    data.split.train.length,
    engine.name,
  ]);
  const shapes = Object.assign({}, ...networks.map((network) => trainedShapes(network, spec)));
  const best = shapes[weightsKey('classifier')];
  const found = await readCheckpoint(directory, fingerprint, { ...shapes, best });
  const state = engine.createState(
    shapes,
    found ? withoutBest(found.arrays) : initialState(networks, spec, options.seed),
  );
  const run = new Run(settings, spec, state, found);
  try {
    await run.open();
    const plan = planEpochs(regime, options, data.iterations);
    const reporter = new ProgressReporter(settings, plan.length, data.iterations, run.counters);
    for (const epoch of plan.slice(run.counters.epochs)) {
      const stopped = await run.epoch(epoch, reporter);
      if (stopped) return stoppedAt(stopped, run.counters.epochs);
      await writeCheckpoint(directory, fingerprint, { counters: run.counters, arrays: run.arrays() });
      reporter.epochDone(run.counters);
    }
    return { kind: 'finished', spec, weights: run.result(networks), counters: run.counters };
  } catch (error) {
    if (error instanceof StopRequest) return stoppedAt(error.reason, run.counters.epochs);
    throw error;
  } finally {
    await run.close();
    state.dispose();
  }
}

function stoppedAt(reason: StopReason, checkpointEpoch: number): TrainingStopped {
  return { kind: reason === 'cancel' ? 'cancelled' : 'stopped', checkpointEpoch };
}

function withoutBest({ best: _, ...state }: Arrays): Arrays {
  return state;
}
