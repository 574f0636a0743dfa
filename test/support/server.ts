/** A server in this process, on free ports and a directory of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, startApp } from '../../services/app.ts';
import { Connection } from '../../services/client/client.ts';
import { type Clients, clientsOf } from '../../services/client/clients.ts';
import { readConfig } from '../../services/config.ts';
import { createLogger } from '../../services/observability/logger.ts';

export interface TestServer extends Clients {
  readonly connection: Connection;
  readonly app: App;
  readonly directory: string;
  readonly ops: string;
  stop(): Promise<void>;
}

/** `settings` are environment variables. `stop` also deletes the directory unless it was given. */
export async function startServer(
  settings: Record<string, string> = {},
  directory?: string,
): Promise<TestServer> {
  const data = directory ?? mkdtempSync(join(tmpdir(), 'vigil-test-'));
  const config = readConfig({
    VIGIL_GRPC_ADDRESS: '127.0.0.1:0',
    VIGIL_HTTP_ADDRESS: '127.0.0.1:0',
    VIGIL_DATA_DIR: data,
    VIGIL_ENGINE_THREADS: '1',
    // A machine that is slow, or busy with other tests, refuses nothing that a test did not mean to be refused.
    VIGIL_MAX_QUEUE_MS: '0',
    ...settings,
  });
  const app = await startApp(config, createLogger(process.env.VIGIL_TEST_LOG ?? 'silent'));
  const connection = new Connection(`127.0.0.1:${app.grpcPort}`);
  return {
    connection,
    ...clientsOf(connection),
    app,
    directory: data,
    ops: `http://127.0.0.1:${app.httpPort}`,
    stop: async () => {
      connection.close();
      await app.close();
      if (directory === undefined) rmSync(data, { recursive: true });
    },
  };
}

/** Trains to the end and returns the model version. */
export async function trainToEnd(
  { training }: Clients,
  request: Parameters<Clients['training']['train']>[0] & object,
): Promise<string> {
  const { name } = await training.train(request);
  let version = '';
  for await (const update of training.watchTraining({ name: name.replace('operations/', 'runs/') })) {
    version = update.modelVersion;
    if (update.error) throw new Error(`${update.error.code}: ${update.error.message}`);
  }
  return version;
}

/** Little-endian float32 bytes. */
export const rawOf = (values: Iterable<number>): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);
