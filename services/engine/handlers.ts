/** What an engine process does: loads versions, classifies, synthesises, trains. */
import { setImmediate } from 'node:timers/promises';
import { VigilError } from '../../src/errors.ts';
import { drawScored } from '../../src/synthesis/draw-scored.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { meterEngine } from '../../src/tensor/meter.ts';
import type { TrainingContext } from '../../src/training/train-dataset.ts';
import { exportHosted } from './export-job.ts';
import { scoreHeldOut } from './held-out-job.ts';
import type { HostedModels } from './hosted-models.ts';
import type { OtherInstances } from './instances.ts';
import type { EngineCall, EngineCalls, EngineMessage } from './protocol.ts';
import { runTrainingJob } from './training-job.ts';

export type Handlers = {
  [C in EngineCall]: (payload: EngineCalls[C]['request']) => Promise<EngineCalls[C]['reply']>;
};

export interface HandlerParts {
  readonly engine: Engine;
  /** Of the first instance. */
  readonly models: HostedModels;
  readonly others: OtherInstances;
  /** Delivers training updates. */
  readonly send: (message: EngineMessage) => void;
}

/** What an engine process does about each call. */
export function createHandlers({ engine, models, others, send }: HandlerParts): Handlers {
  const { scheduler } = models;
  let training: { run: string; stop: 'cancel' | 'stop' | undefined } | undefined;

  /** One training at a time; `run` names it in progress and to `stopTraining`. */
  const trainOne = async <T>(run: string, work: (context: TrainingContext) => Promise<T>): Promise<T> => {
    if (training) throw new VigilError('RUN_STATE', `the engine is training ${training.run}`);
    const current: { run: string; stop: 'cancel' | 'stop' | undefined } = { run, stop: undefined };
    training = current;
    let steps = 0;
    let since = performance.now();
    const metered = meterEngine(engine, () => performance.now() / 1000);
    try {
      return await work({
        engine: metered.engine,
        stopRequested: () => current.stop,
        idle: () => scheduler.turn(),
        onUpdate: (update) => {
          const done = Math.max(1, update.progress.step - steps);
          const now = performance.now();
          const stepSeconds = (now - since) / 1000 / done;
          const times = { stepSeconds, computeSeconds: metered.takeSeconds() };
          send({ kind: 'training', run, update, times });
          steps = update.progress.step;
          since = now;
        },
      });
    } finally {
      training = undefined;
    }
  };

  const unload: Handlers['unload'] = async (request) => {
    const [found] = await Promise.all([models.unload(request), others.unload(request)]);
    return found;
  };

  return {
    load: async (request) => {
      const info = await models.load(request);
      try {
        return { ...info, bytes: info.bytes + (await others.load(request)) };
      } catch (error) {
        await unload(request);
        throw error;
      }
    },
    unload,
    classify: (request) => models.classify(request),
    shadow: ({ version, rows, values }) =>
      scheduler.run('shadow', async () => ({
        logits: (await models.find(version).classify(rows, values)).logits,
      })),
    synthesize: ({ version, scores, ...asked }) =>
      scheduler.run('synthesize', async () => {
        const began = performance.now();
        const { synthesis } = models.find(version);
        if (!synthesis)
          throw new VigilError('MODEL_INCOMPATIBLE', `model version ${version} has no generator`);
        const drawn = await drawScored(synthesis, asked, scores);
        return { ...drawn, computeSeconds: (performance.now() - began) / 1000 };
      }),
    train: (job) => trainOne(job.run, (context) => runTrainingJob(job, context)),
    experiment: (job) =>
      trainOne(job.id, async (context) => {
        const { runExperiment } = await import('../../src/experiments/run.ts');
        return runExperiment(job, context);
      }),
    figure: (job) =>
      trainOne(job.id, async (context) => {
        const { embedRun } = await import('../../src/experiments/figure.ts');
        return embedRun(job, context);
      }),
    stopTraining: async ({ run, reason }) => {
      if (training?.run !== run) return { found: false };
      training.stop = reason;
      return { found: true };
    },
    export: (request) => scheduler.run('load', () => exportHosted(models.find(request.version), request)),
    scoreHeldOut: (job) =>
      scoreHeldOut(job, {
        engine,
        pause: async () => {
          await setImmediate();
          await scheduler.turn();
        },
      }),
    explain: async (request) => (await import('./explain-step.ts')).explainSteps(request),
    ping: async () => {
      const { rss, heapUsed, external } = process.memoryUsage();
      return { memory: { rss, heap: heapUsed, external } };
    },
  };
}
