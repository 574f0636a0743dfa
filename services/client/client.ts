/** A typed client of any generated service: promises and async iterables on grpc-js. */
import {
  create,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type CallCredentials,
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
} from '@grpc/grpc-js';
import { type CallOptions, reply, Sender, type Sink, type Source, stream } from './calls.ts';

type Method<M extends DescMethod> = M extends { methodKind: 'unary' }
  ? (request: MessageInitShape<M['input']>, options?: CallOptions) => Promise<MessageShape<M['output']>>
  : M extends { methodKind: 'server_streaming' }
    ? (
        request: MessageInitShape<M['input']>,
        options?: CallOptions,
      ) => AsyncIterable<MessageShape<M['output']>>
    : M extends { methodKind: 'client_streaming' }
      ? (
          requests: Source<MessageInitShape<M['input']>>,
          options?: CallOptions,
        ) => Promise<MessageShape<M['output']>>
      : (
          requests: Source<MessageInitShape<M['input']>>,
          options?: CallOptions,
        ) => AsyncIterable<MessageShape<M['output']>>;

/** A service's methods; calls that fail reject with `VigilCallError`. */
export type ServiceClient<S extends DescService> = {
  readonly [K in keyof S['method']]: Method<S['method'][K]>;
};

export interface ConnectionOptions {
  /** Plaintext when absent. */
  readonly channel?: ChannelCredentials;
  /** What every call says about its caller. */
  readonly call?: CallCredentials;
  /** Over these defaults: messages of any size. */
  readonly settings?: ChannelOptions;
  /** Calls wait for a server instead of failing with UNAVAILABLE while there is none. */
  readonly waitForReady?: boolean;
  /** Milliseconds that calls of a method get when they do not say; undefined for no limit, as for all by default. */
  readonly timeoutOf?: (method: DescMethod) => number | undefined;
}

/** One channel to a server, or to several behind one address, shared by the clients of their services. */
export class Connection {
  readonly #client: Client;
  readonly #options: ConnectionOptions;

  /** `address` is HOST:PORT or another gRPC target. Connects at the first call; the caller closes. */
  constructor(address: string, options: ConnectionOptions = {}) {
    this.#options = options;
    this.#client = new Client(address, options.channel ?? credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      ...options.settings,
    });
  }

  service<S extends DescService>(service: S): ServiceClient<S> {
    const methods = service.methods.map((method) => [method.localName, this.#method(method)] as const);
    return Object.fromEntries(methods) as unknown as ServiceClient<S>;
  }

  close(): void {
    this.#client.close();
  }

  #method(method: DescMethod): (request: unknown, options?: CallOptions) => unknown {
    const path = `/${method.parent.typeName}/${method.name}`;
    const encode = (message: unknown): Buffer =>
      Buffer.from(toBinary(method.input, create(method.input, message as never)));
    const decode = (bytes: Buffer) => fromBinary(method.output, bytes);
    const client = this.#client;
    const { call: callCredentials, waitForReady = false, timeoutOf } = this.#options;
    const metadata = ({ requestId }: CallOptions): Metadata => {
      const made = new Metadata({ waitForReady });
      if (requestId !== undefined) made.set('x-request-id', requestId);
      return made;
    };
    const optionsOf = ({ timeoutMs = timeoutOf?.(method) }: CallOptions) => ({
      ...(callCredentials && { credentials: callCredentials }),
      ...(timeoutMs !== undefined && timeoutMs !== Infinity && { deadline: Date.now() + timeoutMs }),
    });
    switch (method.methodKind) {
      case 'unary':
        return (request, options = {}) =>
          reply(
            (done) =>
              client.makeUnaryRequest(
                path,
                encode,
                decode,
                request,
                metadata(options),
                optionsOf(options),
                done,
              ),
            options.signal,
          );
      case 'server_streaming':
        return (request, options = {}) =>
          stream(
            client.makeServerStreamRequest(
              path,
              encode,
              decode,
              request,
              metadata(options),
              optionsOf(options),
            ),
            options.signal,
          );
      case 'client_streaming':
        return async (requests, options = {}) => {
          let sender: Sender | undefined;
          try {
            return await reply((done) => {
              const call = client.makeClientStreamRequest(
                path,
                encode,
                decode,
                metadata(options),
                optionsOf(options),
                done,
              );
              sender = new Sender(call, requests as Source<unknown>);
              return call;
            }, options.signal);
          } catch (error) {
            throw sender?.explain(error) ?? error;
          } finally {
            sender?.stop();
          }
        };
      default:
        return (requests, options = {}) => {
          const call = client.makeBidiStreamRequest(
            path,
            encode,
            decode,
            metadata(options),
            optionsOf(options),
          );
          return exchange(call, requests as Source<unknown>, options.signal);
        };
    }
  }
}

/** Sends while it receives; sending ends with the answers. */
async function* exchange<T>(
  call: AsyncIterable<T> & Sink,
  requests: Source<unknown>,
  signal: AbortSignal | undefined,
): AsyncIterable<T> {
  const sender = new Sender(call, requests);
  try {
    yield* stream(call, signal);
  } catch (error) {
    throw sender.explain(error);
  } finally {
    sender.stop();
  }
}
