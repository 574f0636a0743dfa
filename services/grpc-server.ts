/** The gRPC server: every service on one port, and how it stops. */
import type { DescService } from '@bufbuild/protobuf';
import { Server } from '@grpc/grpc-js';
import { VigilError } from '../src/errors.ts';
import type { Config } from './config.ts';
import { file_google_rpc_error_details } from './gen/google/rpc/error_details_pb.ts';
import { ServerReflection } from './gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as ServerReflectionAlpha } from './gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { createReflectionService } from './reflection.ts';
import { type EarlyRefusal, refuseEarly } from './rpc/early-refusal.ts';
import type { ServiceHandlers } from './rpc/handler.ts';
import { releaseClosedStreams, setHttp2Options } from './rpc/http2-server.ts';
import { addService, type ServeOptions } from './rpc/serve.ts';
import type { ConnectionGuard } from './security/connection-guard.ts';
import type { Transport } from './security/transport.ts';

/** A service with its handlers; the pair is made where its type is known. */
export interface Mounted {
  readonly service: DescService;
  /** Path of a method, to why its calls cannot be accepted now. */
  readonly refusals: ReadonlyMap<string, EarlyRefusal>;
  readonly mount: (server: Server, options: ServeOptions) => void;
}

export function mounted<S extends DescService>(
  service: S,
  handlers: ServiceHandlers<S>,
  refusals: { readonly [method in keyof S['method']]?: EarlyRefusal } = {},
): Mounted {
  const byPath = new Map<string, EarlyRefusal>();
  for (const { localName, name } of service.methods) {
    const refusal = (refusals as Readonly<Record<string, EarlyRefusal | undefined>>)[localName];
    if (refusal) byPath.set(`/${service.typeName}/${name}`, refusal);
  }
  return {
    service,
    refusals: byPath,
    mount: (server, options) => addService(server, service, handlers, options),
  };
}

export interface GrpcServer {
  readonly port: number;
  /** Finishes accepted calls; after `limitMs`, or when `forced` aborts, cuts them off. */
  stop(limitMs: number, forced: AbortSignal): Promise<void>;
}

type ServerSettings = Pick<
  Config,
  | 'VIGIL_GRPC_ADDRESS'
  | 'VIGIL_MAX_MESSAGE_BYTES'
  | 'VIGIL_MAX_CONNECTION_AGE_MS'
  | 'VIGIL_MAX_STREAMS_PER_CONNECTION'
  | 'VIGIL_DRAIN_LIMIT_MS'
>;

/** Binds and serves, with reflection over all of `services`. FIELD_INVALID when the address cannot be had. */
export async function startGrpcServer(
  config: ServerSettings,
  services: readonly Mounted[],
  options: ServeOptions,
  transport: Pick<Transport, 'credentials'>,
  guard: ConnectionGuard,
): Promise<GrpcServer> {
  const server = new Server({
    // Nothing reads its books.
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': config.VIGIL_MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.max_connection_age_ms': config.VIGIL_MAX_CONNECTION_AGE_MS,
    'grpc.max_connection_age_grace_ms': config.VIGIL_DRAIN_LIMIT_MS,
  });
  setHttp2Options(server, config.VIGIL_MAX_STREAMS_PER_CONNECTION);
  const described = [...services.map(({ service }) => service), ServerReflection, ServerReflectionAlpha];
  const reflection = createReflectionService(described, [file_google_rpc_error_details]);
  for (const { mount } of services) mount(server, options);
  addService(server, ServerReflection, reflection, options);
  addService(server, ServerReflectionAlpha, reflection, options);
  const address = config.VIGIL_GRPC_ADDRESS;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, transport.credentials, (error, bound) => {
      if (!error) return resolve(bound);
      const found = `${address}, which cannot be bound (${error.message})`;
      reject(VigilError.field('VIGIL_GRPC_ADDRESS', found, 'an address of this machine that is free'));
    });
  });
  guard.attach(server);
  releaseClosedStreams(server);
  // A refused call is traced like any other, so with traces it goes the whole way.
  if (!options.tracer)
    refuseEarly(server, new Map(services.flatMap(({ refusals }) => [...refusals])), options.onCall);
  return {
    port,
    stop: (limitMs, forced) =>
      new Promise((resolve) => {
        const cut = (): void => server.forceShutdown();
        const limit = setTimeout(cut, limitMs);
        forced.addEventListener('abort', cut, { once: true });
        server.tryShutdown(() => {
          clearTimeout(limit);
          forced.removeEventListener('abort', cut);
          resolve();
        });
        if (forced.aborted) cut();
      }),
  };
}
