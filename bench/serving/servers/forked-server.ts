/** Servers of ours that take one order over their fork's channel and answer with their port. */
import { type ChildProcess, fork } from 'node:child_process';
import { EXEC_ARGV } from '../../../services/child-module.ts';

export interface ForkedServer {
  readonly address: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Rejects when the process ends before it has a port. */
export async function forkServer(module: string, order: object): Promise<ForkedServer> {
  const child: ChildProcess = fork(module, [], {
    serialization: 'advanced',
    execArgv: [...EXEC_ARGV],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (message: { port: number }) => resolve(message.port));
    gone.then(() => reject(new Error(`${module} ended before it served`)));
    child.send(order);
  });
  return {
    address: `127.0.0.1:${port}`,
    pid: child.pid!,
    // It ends when its channel does, whatever becomes of us.
    stop: async () => {
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}
