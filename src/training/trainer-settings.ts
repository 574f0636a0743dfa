import type { NetworkName } from '../models/networks.ts';
import type { ModelSpec } from '../models/spec.ts';
import type { Engine } from '../tensor/engine.ts';
import type { RunCounters } from './checkpoint.ts';
import type { TrainingOptions } from './options.ts';
import type { Regime } from './phase.ts';
import type { TrainingUpdate } from './progress.ts';
import type { TrainingData } from './training-data.ts';

/** Why a training is to stop. */
export type StopReason = 'cancel' | 'stop';

export interface TrainerSettings {
  readonly engine: Engine;
  readonly regime: Regime;
  readonly options: TrainingOptions;
  readonly data: TrainingData;
  /** What was found before training; the run begins with these warnings. */
  readonly warnings?: readonly string[];
  /** Where checkpoints go; when one is there, the run goes on from it. */
  readonly directory: string;
  /** Asked before every iteration, and while rows are prepared: why to stop, or undefined to go on. */
  readonly stopRequested: () => StopReason | undefined;
  readonly onUpdate: (update: TrainingUpdate) => void;
  /** Awaited after every iteration, so that a process can do other work between steps. */
  readonly pause: () => Promise<void>;
  /** Monotonic seconds. */
  readonly clock: () => number;
}

/** Trained weights, flat per network, with the epochs that led to them. */
export interface TrainingResult {
  readonly kind: 'finished';
  readonly spec: ModelSpec;
  /** C's best snapshot; the last G and D where the regime has them. */
  readonly weights: Readonly<Partial<Record<NetworkName, Float32Array>>>;
  readonly counters: RunCounters;
}

/** A run that stopped between iterations; its last checkpoint is in the directory. */
export interface TrainingStopped {
  readonly kind: 'cancelled' | 'stopped';
  readonly checkpointEpoch: number;
}
