/** The public client, `vigil/client`. See docs/clients.md. */
import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ChannelOptions } from '@grpc/grpc-js';
import type { Operation } from '../gen/google/longrunning/operations_pb.ts';
import type { ClassifyResponse } from '../gen/vigil/v1/classify_pb.ts';
import type { SynthesizeRequestSchema } from '../gen/vigil/v1/synthesize_pb.ts';
import type { TrainRequestSchema, WatchTrainingResponse } from '../gen/vigil/v1/train_pb.ts';
import type { CallOptions } from './calls.ts';
import { Connection } from './client.ts';
import { type Clients, clientsOf } from './clients.ts';
import { type CredentialOptions, toCallCredentials, toChannelCredentials } from './credentials.ts';
import { DEFAULT_DEADLINE_MS, timeoutOf } from './deadlines.ts';
import { serviceConfigOf } from './service-config.ts';
import { readSynthesis, type SynthesisEvent } from './synthesis.ts';

export { ValueUnits } from '../gen/vigil/v1/synthesize_pb.ts';
export { RunState } from '../gen/vigil/v1/train_pb.ts';
export { VigilCallError } from './call-error.ts';
export type { CallOptions, Clients, CredentialOptions, SynthesisEvent };

export interface VigilClientOptions extends CredentialOptions {
  /** HOST:PORT, or a gRPC target such as `dns:///vigil:50051` or `ipv4:10.0.0.1:50051,10.0.0.2:50051`. */
  readonly address: string;
  /** Milliseconds of calls that are soon answered; 30,000 by default. docs/clients.md lists the others. */
  readonly deadlineMs?: number;
  /** Calls wait, at most to their deadline, while no server can be reached; false by default. */
  readonly waitForReady?: boolean;
  /** Try calls again that fail with UNAVAILABLE, where that is safe; true by default. */
  readonly retry?: boolean;
  /** Largest message that is accepted; 64 MiB by default. */
  readonly maxReceiveBytes?: number;
  /** Milliseconds of silence in a call after which the server is asked for a sign of life; 60,000 by default. */
  readonly keepaliveMs?: number;
  /** Settings of grpc-js, over those above. */
  readonly channel?: ChannelOptions;
}

/** Samples in original units. */
export interface Samples {
  /** `[rows, channels, steps]`, or `[channels, steps]` for one. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Everything that a server offers: plain methods for what is asked most, and the clients of all services. */
export interface VigilClient extends Clients, AsyncDisposable {
  /** Classifies samples; one prediction a row, in order. `model` is a version or an alias, "stable" by default. */
  classify(request: Samples & { readonly model?: string }, options?: CallOptions): Promise<ClassifyResponse>;
  /** Draws synthetic rows; what arrives is checked against the server's hash. */
  synthesize(
    request: MessageInitShape<typeof SynthesizeRequestSchema>,
    options?: CallOptions,
  ): AsyncIterable<SynthesisEvent>;
  /** Starts a training. Without a `requestId` it gets one: trying again never starts a second. */
  train(
    request: MessageInitShape<typeof TrainRequestSchema>,
    options?: CallOptions,
  ): Promise<{ readonly run: string; readonly operation: Operation }>;
  /** Follows a run to its end. */
  watch(run: string, options?: CallOptions): AsyncIterable<WatchTrainingResponse>;
  /** Asks a run to stop at its next step boundary. */
  cancel(run: string, options?: CallOptions): Promise<void>;
  /** Ends the connections; calls that are under way fail. */
  close(): void;
}

const MIB = 1024 * 1024;
const KEEPALIVE_TIMEOUT_MS = 20_000;

/**
 * A client of one server, or of the servers behind one name, which take turns. Connects at the first call; the caller
 * closes, or says `await using`. Calls that fail reject with `VigilCallError`. FIELD_INVALID (`VigilError`) for options
 * that cannot be.
 */
export function createVigilClient(options: VigilClientOptions): VigilClient {
  const { address, tls, deadlineMs = DEFAULT_DEADLINE_MS, waitForReady = false, retry = true } = options;
  const call = toCallCredentials(address, options);
  const serverName = tls === undefined || tls === true ? undefined : tls.serverName;
  const connection = new Connection(address, {
    channel: toChannelCredentials(options),
    ...(call && { call }),
    waitForReady,
    timeoutOf: (method) => timeoutOf(method, deadlineMs),
    settings: {
      'grpc.service_config': serviceConfigOf({ retry }),
      // Ours is the one that counts, whatever TXT records of the name say.
      'grpc.service_config_disable_resolution': 1,
      'grpc.max_receive_message_length': options.maxReceiveBytes ?? 64 * MIB,
      'grpc.keepalive_time_ms': options.keepaliveMs ?? 60_000,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
      ...(serverName !== undefined && {
        'grpc.ssl_target_name_override': serverName,
        'grpc.default_authority': serverName,
      }),
      ...options.channel,
    },
  });
  const clients = clientsOf(connection);
  const { classifier, synthesizer, training, operations } = clients;
  const close = (): void => connection.close();
  return {
    ...clients,
    classify: ({ model = '', shape, values }, callOptions) => {
      const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const samples = { shape: shape.map(BigInt), data: { case: 'raw' as const, value: raw } };
      return classifier.classify({ model, samples }, callOptions);
    },
    synthesize: (request, callOptions) => readSynthesis(synthesizer.synthesize(request, callOptions)),
    train: async (request, callOptions) => {
      const requestId = request.requestId || randomUUID();
      const operation = await training.train({ ...request, requestId } as typeof request, callOptions);
      return { operation, run: operation.name.replace('operations/', 'runs/') };
    },
    watch: (name, callOptions) => training.watchTraining({ name }, callOptions),
    cancel: async (run, callOptions) => {
      await operations.cancelOperation({ name: run.replace('runs/', 'operations/') }, callOptions);
    },
    close,
    [Symbol.asyncDispose]: async () => close(),
  };
}
