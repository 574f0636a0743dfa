/** The engine process: the only one that imports a tensor library. Forked by `host.ts`, ends when the gateway does. */
import { setPriority } from 'node:os';
import type { Engine } from '../../src/tensor/engine.ts';
import { BATCH_DESCRIPTOR, serveBatches } from './batch-channel.ts';
import { createHandlers } from './handlers.ts';
import { HostedModels } from './hosted-models.ts';
import { instancesOf, OtherInstances } from './instances.ts';
import { openEngine } from './open-engine.ts';
import type { EngineInfo, EngineMessage, EngineProcessSettings, EngineRequestMessage } from './protocol.ts';
import { toWireError } from './wire-error.ts';

/**
 * Where they want the same core: the gateway first, which wakes for a fraction of a millisecond and has what keeps the engine
 * busy; a training last.
 */
const NICE = { serve: 5, both: 5, train: 15 } as const;

/** Speaks the protocol over the fork's channel. */
async function main(settings: EngineProcessSettings): Promise<void> {
  const send = (message: EngineMessage): void => {
    if (process.connected) process.send?.(message);
  };
  // Signals reach the whole process group; only the gateway decides when its engine ends.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('disconnect', () => process.exit(0));
  setPriority(NICE[settings.role]);
  let engine: Engine;
  let info: EngineInfo;
  let others: OtherInstances;
  try {
    const chosen = await openEngine(settings, send);
    const instances = instancesOf(settings, chosen.engine);
    // Side by side they have the threads that one alone would have.
    const each = { ...settings, threads: 1 };
    engine = instances === 1 ? chosen.engine : (await openEngine(each, send)).engine;
    if (engine !== chosen.engine) await chosen.engine.dispose();
    others = await OtherInstances.open(instances - 1, each, send);
    const { name, device, version } = engine;
    info = { engine: name, device, version, refused: chosen.refused, instances, pid: process.pid };
  } catch (error) {
    process.send?.({ kind: 'refused', error: toWireError(error) } satisfies EngineMessage, () =>
      process.exit(1),
    );
    return;
  }
  const models = new HostedModels(engine, 'all');
  const handlers = createHandlers({ engine, models, others, send });
  const fail = (id: number, error: unknown): void => send({ kind: 'failure', id, error: toWireError(error) });
  serveBatches(BATCH_DESCRIPTOR, handlers.classify, fail);
  process.on('message', ({ id, call, payload }: EngineRequestMessage) => {
    const handle = handlers[call] as (payload: unknown) => Promise<unknown>;
    handle(payload).then(
      (reply) => send({ kind: 'reply', id, payload: reply }),
      (error) => fail(id, error),
    );
  });
  send({ kind: 'ready', info });
}

if (process.send && process.env.VIGIL_ENGINE_PROCESS)
  await main(JSON.parse(process.env.VIGIL_ENGINE_PROCESS) as EngineProcessSettings);
