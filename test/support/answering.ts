/** A gRPC server on a free port with the handlers of a test: what a real one does only when it is in trouble. */
import { trace } from '@opentelemetry/api';
import { type Mounted, startGrpcServer } from '../../services/grpc-server.ts';
import { createLogger } from '../../services/observability/logger.ts';

export interface Answering extends AsyncDisposable {
  readonly address: string;
}

export async function startAnswering(services: readonly Mounted[], port = 0): Promise<Answering> {
  const forced = new AbortController();
  const config = {
    VIGIL_GRPC_ADDRESS: `127.0.0.1:${port}`,
    VIGIL_MAX_MESSAGE_BYTES: 2 ** 20,
    VIGIL_MAX_CONNECTION_AGE_MS: 60_000,
    VIGIL_DRAIN_LIMIT_MS: 0,
  };
  const server = await startGrpcServer(config, services, {
    log: createLogger('silent'),
    tracer: trace.getTracer('test'),
    onCall: () => {},
    forced: forced.signal,
  });
  return {
    address: `127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(0, forced.signal),
  };
}
