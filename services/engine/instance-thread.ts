/** One instance of the engine on a thread of the engine process: an engine of its own, C of every version, a batch channel. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveBatches } from './batch-channel.ts';
import { HostedModels } from './hosted-models.ts';
import { openEngine } from './open-engine.ts';
import type { EngineCalls, EngineMessage, EngineProcessSettings, WireError } from './protocol.ts';
import { toWireError } from './wire-error.ts';

export interface InstanceData {
  /** Of its batch channel, in the process. */
  readonly descriptor: number;
  readonly settings: EngineProcessSettings;
}

export type InstanceCall = 'load' | 'unload';

export interface InstanceRequest {
  readonly id: number;
  readonly call: InstanceCall;
  readonly request: { readonly version: string; readonly directory: string };
}

export type InstanceMessage =
  | { readonly kind: 'opened' }
  | { readonly kind: 'reply'; readonly id: number; readonly reply: EngineCalls[InstanceCall]['reply'] }
  | { readonly kind: 'failure'; readonly id: number; readonly error: WireError }
  /** For the gateway. */
  | { readonly kind: 'tell'; readonly message: EngineMessage };

async function main({ descriptor, settings }: InstanceData): Promise<void> {
  const post = (message: InstanceMessage): void => parentPort?.postMessage(message);
  const { engine } = await openEngine(settings, (message) => post({ kind: 'tell', message }));
  const models = new HostedModels(engine, 'classifier');
  serveBatches(
    descriptor,
    (request) => models.classify(request),
    (id, error) => post({ kind: 'tell', message: { kind: 'failure', id, error: toWireError(error) } }),
  );
  parentPort?.on('message', ({ id, call, request }: InstanceRequest) => {
    const answer: Promise<EngineCalls[InstanceCall]['reply']> = models[call](request);
    answer.then(
      (reply) => post({ kind: 'reply', id, reply }),
      (error) => post({ kind: 'failure', id, error: toWireError(error) }),
    );
  });
  post({ kind: 'opened' });
}

await main(workerData as InstanceData);
