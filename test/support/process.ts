/** A server as a process of its own, which a test may kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Connection } from '../../services/client/client.ts';
import { type Clients, clientsOf } from '../../services/client/clients.ts';

export interface LogLine {
  readonly msg: string;
  readonly [key: string]: unknown;
}

export interface ServerProcess extends Clients {
  readonly connection: Connection;
  /** HOST:PORT of the gRPC server. */
  readonly address: string;
  readonly child: ChildProcess;
  readonly ops: string;
  readonly lines: LogLine[];
  /** Resolves with the first line, past or to come, that fits. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine>;
  /** Resolves with the exit code when the process is gone. */
  readonly exited: Promise<number | null>;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../services/main.ts', import.meta.url));

/** Starts a server on `directory` and waits until it serves; a second start on the same directory goes on there. */
export async function spawnServer(
  directory: string,
  settings: Record<string, string> = {},
): Promise<ServerProcess> {
  const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, MAIN], {
    env: {
      PATH: process.env.PATH,
      VIGIL_GRPC_ADDRESS: '127.0.0.1:0',
      VIGIL_HTTP_ADDRESS: '127.0.0.1:0',
      VIGIL_DATA_DIR: directory,
      VIGIL_ENGINE_THREADS: '1',
      VIGIL_MAX_QUEUE_MS: '0',
      ...settings,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stderr! }).on('line', (text) => {
    lines.push(text.startsWith('{') ? (JSON.parse(text) as LogLine) : { msg: text });
    for (const wake of [...waiting]) wake();
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const line: ServerProcess['line'] = (fits) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find(fits);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      exited.then(() => reject(new Error(`the server ended: ${lines.map(({ msg }) => msg).join(' | ')}`)));
      look();
    });
  const serving = await line(({ msg }) => msg === 'serving');
  const address = `127.0.0.1:${String(serving.grpc)}`;
  const connection = new Connection(address);
  return {
    connection,
    ...clientsOf(connection),
    address,
    child,
    ops: `http://127.0.0.1:${String(serving.http)}`,
    lines,
    line,
    exited,
    stop: async () => {
      connection.close();
      child.kill('SIGTERM');
      await exited;
    },
  };
}
