/** A gRPC server on a free port with the handlers of a test: what a real one does only when it is in trouble. */
import type { Mounted } from '../../services/grpc-server.ts';
import { startBareServer } from './bare-server.ts';

export interface Answering extends AsyncDisposable {
  readonly address: string;
}

export async function startAnswering(services: readonly Mounted[], port = 0): Promise<Answering> {
  const settings = { VIGIL_GRPC_ADDRESS: `127.0.0.1:${port}`, VIGIL_DRAIN_LIMIT_MS: '0' };
  const server = await startBareServer(settings, services);
  return { address: `127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop() };
}
