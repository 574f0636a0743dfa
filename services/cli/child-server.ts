/** A server of one's own for a command: a process on free ports that ends with it. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EXEC_ARGV, siblingModule } from '../child-module.ts';
import { SECURITY_SETTINGS } from '../security/settings.ts';
import { EXIT } from './failure.ts';

export interface ChildServer {
  /** Of the gRPC server. */
  readonly address: string;
  /** Of /metrics, as a URL. */
  readonly ops: string;
  readonly engine: string;
  readonly pid: number;
  /** SIGTERM, and waits until it is gone. */
  stop(): Promise<void>;
}

interface ServingLine {
  readonly msg?: string;
  readonly grpc: number;
  readonly http: number;
  readonly engine: string;
}

/** It is for this command alone: on loopback, in plaintext, open to whoever reaches it. */
function withoutSecurity(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !Object.hasOwn(SECURITY_SETTINGS, name));
  return Object.fromEntries(kept);
}

/**
 * Starts a server on a data directory; its log goes to a file. `settings` are environment variables beside those it
 * inherits. Rejects with its last line when it does not serve.
 */
export async function startChildServer(
  dataDirectory: string,
  logFile: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ChildServer> {
  const log = createWriteStream(logFile);
  const main = fileURLToPath(siblingModule(import.meta.url, '../main'));
  const child = spawn(process.execPath, [...EXEC_ARGV, main], {
    env: {
      ...withoutSecurity(process.env),
      VIGIL_GRPC_ADDRESS: '127.0.0.1:0',
      VIGIL_HTTP_ADDRESS: '127.0.0.1:0',
      VIGIL_DATA_DIR: dataDirectory,
      VIGIL_LOG_LEVEL: 'info',
      ...settings,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C reaches us, and we stop it in order.
    detached: true,
  });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  // Also while it starts: a signal's default would end us without an 'exit', and leave the server behind.
  const signalled = (): void => {
    child.kill('SIGTERM');
    gone.then(() => process.exit(EXIT.interrupted));
  };
  process.once('SIGINT', signalled);
  process.once('SIGTERM', signalled);
  const serving = await new Promise<ServingLine>((resolve, reject) => {
    let last = '';
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.write(`${line}\n`);
      last = line;
      const entry = line.startsWith('{') ? (JSON.parse(line) as ServingLine) : undefined;
      if (entry?.msg === 'serving') resolve(entry);
    });
    gone.then(() => reject(new Error(`the server did not start: ${last}`)));
  });
  return {
    address: `127.0.0.1:${serving.grpc}`,
    ops: `http://127.0.0.1:${serving.http}`,
    engine: serving.engine,
    pid: child.pid!,
    stop: async () => {
      child.kill('SIGTERM');
      await gone;
      process.off('exit', endWithUs);
      process.off('SIGINT', signalled);
      process.off('SIGTERM', signalled);
      await new Promise((resolve) => log.end(resolve));
    },
  };
}
