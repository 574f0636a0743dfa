/**
 * Instances of the engine beside the first one, each on a thread of its own. A small classifier gains little from more
 * threads within one op: they wait for each other at the end of every op, and for whoever else has a core. Batches side
 * by side share nothing.
 */
import { Worker } from 'node:worker_threads';
import type { Engine } from '../../src/tensor/engine.ts';
import { EXEC_ARGV, siblingModule } from '../child-module.ts';
import { BATCH_DESCRIPTOR } from './batch-channel.ts';
import type { InstanceData, InstanceMessage, InstanceRequest } from './instance-thread.ts';
import { mostInstances } from './most-instances.ts';
import { PendingCalls } from './pending-calls.ts';
import type { EngineCalls, EngineMessage, EngineProcessSettings } from './protocol.ts';
import { fromWireError } from './wire-error.ts';

/** As many as pay: on a CPU, of the engine whose sessions are independent of each other. */
export const instancesOf = (settings: EngineProcessSettings, { name, device }: Engine): number =>
  name === 'onnxruntime' && device === 'cpu' ? mostInstances(settings) : 1;

/** All but the first of a process. */
export class OtherInstances {
  readonly #threads: readonly InstanceThread[];

  private constructor(threads: readonly InstanceThread[]) {
    this.#threads = threads;
  }

  /** Starts `count` of them and waits until all are ready. `send` gets what they have to say to the gateway. */
  static async open(
    count: number,
    settings: EngineProcessSettings,
    send: (message: EngineMessage) => void,
  ): Promise<OtherInstances> {
    const threads = Array.from(
      { length: count },
      (_, i) => new InstanceThread({ descriptor: BATCH_DESCRIPTOR + 1 + i, settings }, send),
    );
    await Promise.all(threads.map(({ opened }) => opened));
    return new OtherInstances(threads);
  }

  /** One after the other, so that the others serve meanwhile. Resolves with the bytes that all of them hold. */
  async load(request: EngineCalls['load']['request']): Promise<number> {
    let bytes = 0;
    for (const thread of this.#threads) bytes += (await thread.call('load', request)).bytes;
    return bytes;
  }

  async unload({ version }: EngineCalls['unload']['request']): Promise<void> {
    const request = { version, directory: '' };
    await Promise.all(this.#threads.map((thread) => thread.call('unload', request)));
  }
}

class InstanceThread {
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #pending = new PendingCalls();

  constructor(data: InstanceData, send: (message: EngineMessage) => void) {
    this.#worker = new Worker(siblingModule(import.meta.url, 'instance-thread'), {
      workerData: data,
      execArgv: [...EXEC_ARGV],
    });
    // Without it the process cannot do what it says it does: it ends, and is replaced.
    this.#worker.once('error', (error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    });
    this.opened = new Promise((resolve) => {
      this.#worker.on('message', (message: InstanceMessage) => {
        if (message.kind === 'opened') resolve();
        else if (message.kind === 'reply') this.#pending.resolve(message.id, message.reply);
        else if (message.kind === 'failure') this.#pending.reject(message.id, fromWireError(message.error));
        else send(message.message);
      });
    });
  }

  call<C extends InstanceRequest['call']>(
    call: C,
    request: InstanceRequest['request'],
  ): Promise<EngineCalls[C]['reply']> {
    const { id, reply } = this.#pending.add<EngineCalls[C]['reply']>();
    this.#worker.postMessage({ id, call, request } satisfies InstanceRequest);
    return reply;
  }
}
