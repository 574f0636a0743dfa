import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { EXEC_ARGV, siblingModule } from '../../services/child-module.ts';
import type { Memory, Ports } from './protocol.ts';

export interface MeasuredServer {
  readonly address: string;
  readonly ops: string;
  measure(): Promise<Memory>;
  /** Stops it and waits until it is gone. */
  stop(): Promise<void>;
}

/** Starts a server in a process of its own; see server-process.ts. */
export async function startMeasured(
  kind: 'bare' | 'vigil',
  args: readonly string[],
): Promise<MeasuredServer> {
  const main = fileURLToPath(siblingModule(import.meta.url, './server-process'));
  const child = fork(main, [kind, ...args], { execArgv: [...EXEC_ARGV] });
  const gone = once(child, 'exit');
  const answer = async <T>(): Promise<T> => {
    const left = gone.then(() => Promise.reject(new Error(`the ${kind} server ended`)));
    left.catch(() => {});
    const [message] = (await Promise.race([once(child, 'message'), left])) as [T];
    return message;
  };
  const { port, http } = await answer<Ports>();
  return {
    address: `127.0.0.1:${port}`,
    ops: `http://127.0.0.1:${http}`,
    measure: () => {
      child.send('measure');
      return answer<Memory>();
    },
    stop: async () => {
      child.disconnect();
      await gone;
    },
  };
}
