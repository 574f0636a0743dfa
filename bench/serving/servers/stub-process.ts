/** The real gateway over an engine that answers at once. Forked by `stub.ts`. */
import { startApp } from '../../../services/app.ts';
import { readConfig } from '../../../services/config.ts';
import { createLogger } from '../../../services/observability/logger.ts';
import { stubEngine } from './stub-engine.ts';

export interface StubOrder {
  /** Vigil's data directory, which nobody else has open. */
  readonly data: string;
}

process.on('SIGINT', () => {});
process.once('message', async ({ data }: StubOrder) => {
  const config = readConfig({
    VIGIL_GRPC_ADDRESS: '127.0.0.1:0',
    VIGIL_HTTP_ADDRESS: '127.0.0.1:0',
    VIGIL_DATA_DIR: data,
  });
  // As much is logged as by the server that people run.
  const app = await startApp(config, createLogger('info'), async () => ({
    serving: stubEngine('serve'),
    training: stubEngine('train'),
  }));
  process.once('disconnect', () => app.close().then(() => process.exit(0)));
  process.send?.({ port: app.grpcPort });
});
