/** A training from a dataset's name to weights: what the service and the experiments have in common. */
import { setImmediate } from 'node:timers/promises';
import type { Dataset, Split } from '../data/dataset.ts';
import { openDataset } from '../data/open-dataset.ts';
import type { Engine } from '../tensor/engine.ts';
import {
  parseRegimeName,
  parseSplitOptions,
  parseTrainingOptions,
  type RegimeName,
  type SplitOptions,
  type TrainingOptions,
} from './options.ts';
import type { TrainingUpdate } from './progress.ts';
import { REGIMES } from './regimes/table.ts';
import { findSplitLeaks, leakWarnings, type SplitLeaks } from './split-leaks.ts';
import { splitRows } from './split-rows.ts';
import { train } from './trainer.ts';
import type { TrainingResult, TrainingStopped } from './trainer-settings.ts';
import { prepareData, type TrainingData } from './training-data.ts';
import { vainOptionWarnings } from './vain-options.ts';

/** How a training meets the process that it runs in. */
export interface TrainingContext {
  readonly engine: Engine;
  readonly stopRequested: () => 'cancel' | 'stop' | undefined;
  readonly onUpdate: (update: TrainingUpdate) => void;
  /** Lets more urgent work go first. */
  readonly idle: () => Promise<void>;
}

/** What to train, as it was asked for. */
export interface TrainingRequest {
  /** What `openDataset` takes. */
  readonly dataset: string;
  readonly regime: string;
  readonly options: unknown;
  readonly split: unknown;
  /** Of this run alone: its checkpoint lives there, and a run that finds one goes on from it. */
  readonly directory: string;
  /** Takes training rows away before anything is fitted to them. */
  readonly thin?: (dataset: Dataset, split: Split) => Split;
}

/** A training that is over, with what it was made of. */
export interface TrainedRun {
  readonly kind: 'trained';
  readonly regime: RegimeName;
  readonly options: TrainingOptions;
  readonly splitOptions: SplitOptions;
  /** How rows were divided. */
  readonly by: string;
  readonly data: TrainingData;
  readonly splitLeaks: SplitLeaks;
  readonly training: TrainingResult;
}

/** Opens, divides, scales, looks for leaks and trains, or goes on. Errors: those of the parts. */
export async function trainDataset(
  request: TrainingRequest,
  { engine, stopRequested, onUpdate, idle }: TrainingContext,
): Promise<TrainedRun | TrainingStopped> {
  const regime = parseRegimeName(request.regime);
  const options = parseTrainingOptions(request.options, regime);
  const splitOptions = parseSplitOptions(request.split);
  const { dataset, split: own } = await openDataset(request.dataset);
  const { split, by } = splitRows(dataset, own, splitOptions, options.seed);
  const data = prepareData(dataset, request.thin?.(dataset, split) ?? split, options);
  const splitLeaks = findSplitLeaks(data);
  const training = await train({
    engine,
    regime: REGIMES[regime],
    options,
    data,
    warnings: [...vainOptionWarnings(request.options, REGIMES[regime]), ...leakWarnings(splitLeaks)],
    directory: request.directory,
    stopRequested,
    onUpdate,
    pause: async () => {
      await setImmediate();
      await idle();
    },
    clock: () => performance.now() / 1000,
  });
  if (training.kind !== 'finished') return training;
  return { kind: 'trained', regime, options, splitOptions, by, data, splitLeaks, training };
}
