import type { TrainingOptions } from './options.ts';
import type { Phase, Regime } from './phase.ts';

/** One epoch of a run, and what the learning-rate schedule needs to know of it. */
export interface PlannedEpoch {
  readonly phase: Phase;
  /** How it begins (see `Phase.restart`). */
  readonly restart: Phase['restart'];
  /** Classifier updates before this epoch, and in all, since the last restart. */
  readonly updatesBefore: number;
  readonly updatesInAll: number;
  /** Iterations before this epoch, and in all, since the last restart. */
  readonly iterationsBefore: number;
  readonly iterationsInAll: number;
}

/** All epochs of a regime in order. `iterations` is the number per epoch. */
export function planEpochs(
  regime: Regime,
  options: TrainingOptions,
  iterations: number,
): readonly PlannedEpoch[] {
  const phases = regime.phases(options).filter(({ epochs }) => epochs > 0);
  const segments: Phase[][] = [];
  for (const phase of phases) {
    if (phase.restart || segments.length === 0) segments.push([]);
    segments.at(-1)!.push(phase);
  }
  return segments.flatMap((segment) => {
    const epochs = segment.flatMap((phase) => Array.from({ length: phase.epochs }, () => phase));
    const active = epochs.map(({ classifier }) => (classifier === 'frozen' ? 0 : iterations));
    const updatesInAll = active.reduce((total, updates) => total + updates, 0);
    return epochs.map((phase, i) => ({
      phase,
      restart: i === 0 ? phase.restart : false,
      updatesBefore: active.slice(0, i).reduce((total, updates) => total + updates, 0),
      updatesInAll,
      iterationsBefore: i * iterations,
      iterationsInAll: epochs.length * iterations,
    }));
  });
}

/**
 * C's rate at an iteration of an epoch: half a cosine from the base rate to 0 over C's own updates (`active`) or over
 * all iterations (`global`). 0 while C is frozen.
 */
export function classifierRate(options: TrainingOptions, epoch: PlannedEpoch, iteration: number): number {
  if (epoch.phase.classifier === 'frozen') return 0;
  const base = options.classifierLearningRate;
  if (options.schedule === 'constant') return base;
  const [done, all] =
    options.schedule === 'active'
      ? [epoch.updatesBefore + iteration, epoch.updatesInAll]
      : [epoch.iterationsBefore + iteration, epoch.iterationsInAll];
  return (base * (1 + Math.cos((Math.PI * done) / all))) / 2;
}
