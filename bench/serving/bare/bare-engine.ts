import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { EXEC_ARGV, siblingModule } from '../../../services/child-module.ts';
import type { BareCall, BareCalls, BareReply } from './protocol.ts';

const PROCESS = fileURLToPath(siblingModule(import.meta.url, 'bare-process'));

export interface BareEngine {
  /** For example "onnxruntime-node 1.30.0". */
  readonly engine: string;
  /** One at a time. */
  ask<C extends BareCall>(call: C, request: BareCalls[C]['request']): Promise<BareCalls[C]['reply']>;
  close(): Promise<void>;
}

/** The classifier of a bundle in an engine of its own. The caller closes. */
export async function openBareEngine(bundle: string, threads: number): Promise<BareEngine> {
  const child = fork(PROCESS, [], {
    serialization: 'advanced',
    execArgv: [...EXEC_ARGV],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit');
  const ask: BareEngine['ask'] = async (call, request) => {
    const answer = once(child, 'message') as Promise<[BareReply]>;
    child.send({ call, request });
    const ended = gone.then((): never => {
      throw new Error('the bare engine ended');
    });
    const [reply] = await Promise.race([answer, ended]);
    if ('failed' in reply) throw new Error(reply.failed);
    return reply.reply as never;
  };
  const close = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    await gone;
  };
  try {
    const { engine } = await ask('open', { bundle, threads });
    return { engine, ask, close };
  } catch (error) {
    await close();
    throw error;
  }
}
