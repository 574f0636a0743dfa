/** The engine process: the only one that imports a tensor library. Forked by `host.ts`, ends when the gateway does. */
import { constants, setPriority } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { VigilError } from '../../src/errors.ts';
import { drawScored } from '../../src/synthesis/draw-scored.ts';
import { type ChosenEngine, chooseEngine } from '../../src/tensor/choose.ts';
import { meterEngine } from '../../src/tensor/meter.ts';
import type { CompileReport } from '../../src/tensor/report.ts';
import type { TrainingContext } from '../../src/training/train-dataset.ts';
import { serveBatches } from './batch-channel.ts';
import { exportHosted } from './export-job.ts';
import { scoreHeldOut } from './held-out-job.ts';
import { HostedModel } from './model-host.ts';
import type {
  EngineCall,
  EngineCalls,
  EngineMessage,
  EngineProcessSettings,
  EngineRequestMessage,
} from './protocol.ts';
import { Scheduler } from './scheduler.ts';
import { runTrainingJob } from './training-job.ts';
import { toWireError } from './wire-error.ts';

type Handlers = {
  [C in EngineCall]: (payload: EngineCalls[C]['request']) => Promise<EngineCalls[C]['reply']>;
};

/** Serves requests on one engine. `send` delivers training updates. */
export function createWorker({ engine }: ChosenEngine, send: (message: EngineMessage) => void): Handlers {
  const scheduler = new Scheduler();
  const models = new Map<string, HostedModel>();
  let training: { run: string; stop: 'cancel' | 'stop' | undefined } | undefined;

  const model = (version: string): HostedModel => {
    const found = models.get(version);
    if (!found) throw new VigilError('MODEL_LOADING', `model version ${version} is not loaded in the engine`);
    return found;
  };

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

  return {
    load: ({ version, directory }) =>
      scheduler.run('load', async () => {
        const loaded = await HostedModel.load(engine, version, directory);
        const before = models.get(version);
        models.set(version, loaded);
        await before?.dispose();
        return loaded.info;
      }),
    unload: ({ version }) =>
      scheduler.run('load', async () => {
        const found = models.get(version);
        models.delete(version);
        await found?.dispose();
        return { unloaded: found !== undefined };
      }),
    classify: ({ version, rows, values, embedding: wanted }) =>
      scheduler.run('classify', async () => {
        const began = performance.now();
        const { logits, embedding } = await model(version).classify(rows, joined(values));
        // The graph computes it anyway; sending it costs as much again as sending a small batch.
        const sent = wanted ? embedding : undefined;
        return { logits, embedding: sent, computeSeconds: (performance.now() - began) / 1000 };
      }),
    shadow: ({ version, rows, values }) =>
      scheduler.run('shadow', async () => ({ logits: (await model(version).classify(rows, values)).logits })),
    synthesize: ({ version, scores, ...asked }) =>
      scheduler.run('synthesize', async () => {
        const began = performance.now();
        const { synthesis } = model(version);
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
    export: (request) => scheduler.run('load', () => exportHosted(model(request.version), request)),
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

/** From the batch channel they come in one piece. */
function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Milliseconds to a tenth. */
function logged({ program, cache, ...times }: CompileReport): Record<string, string | number> {
  const rounded = Object.entries(times).map(([name, ms]) => [name, Math.round(10 * ms) / 10]);
  return { program, cache, ...Object.fromEntries(rounded) };
}

/** Speaks the protocol over the fork's channel. */
async function main(): Promise<void> {
  const settings = JSON.parse(process.env.VIGIL_ENGINE_PROCESS ?? '{}') as Partial<EngineProcessSettings>;
  const send = (message: EngineMessage): void => {
    if (process.connected) process.send?.(message);
  };
  // Signals reach the whole process group; only the gateway decides when its engine ends.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('disconnect', () => process.exit(0));
  // Training yields the cores to serving where both want them.
  if (settings.role === 'train') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  let chosen: ChosenEngine;
  try {
    const { engine = 'auto', device = 'auto', threads = 1, graphCache } = settings;
    chosen = await chooseEngine({
      engine,
      device,
      threads,
      compiler: {
        graphCache,
        onCompiled: (report) =>
          send({ kind: 'log', level: 'info', text: 'compiled', fields: logged(report) }),
        onCacheTrouble: (text) => send({ kind: 'log', level: 'warn', text, fields: {} }),
      },
    });
  } catch (error) {
    process.send?.({ kind: 'refused', error: toWireError(error) } satisfies EngineMessage, () =>
      process.exit(1),
    );
    return;
  }
  const handlers = createWorker(chosen, send);
  const fail = (id: number, error: unknown): void => send({ kind: 'failure', id, error: toWireError(error) });
  serveBatches(handlers.classify, fail);
  process.on('message', ({ id, call, payload }: EngineRequestMessage) => {
    const handle = handlers[call] as (payload: unknown) => Promise<unknown>;
    handle(payload).then(
      (reply) => send({ kind: 'reply', id, payload: reply }),
      (error) => fail(id, error),
    );
  });
  const { engine, refused } = chosen;
  send({
    kind: 'ready',
    info: { engine: engine.name, device: engine.device, version: engine.version, refused, pid: process.pid },
  });
}

if (process.send && process.env.VIGIL_ENGINE_PROCESS) await main();
