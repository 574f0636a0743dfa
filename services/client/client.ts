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
import { Client, type ClientOptions, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { CallError } from './call-error.ts';
import { type ClientSecurity, toClientCredentials } from './credentials.ts';

export interface CallOptions {
  /** Milliseconds until DEADLINE_EXCEEDED; none by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Sent as `x-request-id`: the same for every try of one request. */
  readonly requestId?: string;
}

type Method<M extends DescMethod> = M extends { methodKind: 'unary' }
  ? (request: MessageInitShape<M['input']>, options?: CallOptions) => Promise<MessageShape<M['output']>>
  : M extends { methodKind: 'server_streaming' }
    ? (
        request: MessageInitShape<M['input']>,
        options?: CallOptions,
      ) => AsyncIterable<MessageShape<M['output']>>
    : M extends { methodKind: 'client_streaming' }
      ? (
          requests: Iterable<MessageInitShape<M['input']>> | AsyncIterable<MessageInitShape<M['input']>>,
          options?: CallOptions,
        ) => Promise<MessageShape<M['output']>>
      : (
          requests: Iterable<MessageInitShape<M['input']>> | AsyncIterable<MessageInitShape<M['input']>>,
          options?: CallOptions,
        ) => AsyncIterable<MessageShape<M['output']>>;

/** A service's methods; calls that fail reject with `CallError`. */
export type ServiceClient<S extends DescService> = {
  readonly [K in keyof S['method']]: Method<S['method'][K]>;
};

/** One connection to a server, shared by the clients of its services. */
export class Connection {
  readonly #client: Client;
  readonly #metadata: () => Metadata;

  /** `address` is HOST:PORT. Connects at the first call; the caller closes. Errors: FIELD_INVALID. */
  constructor(address: string, options: ClientOptions = {}, security: ClientSecurity = {}) {
    const { channel, metadata } = toClientCredentials(address, security);
    this.#metadata = metadata;
    this.#client = new Client(address, channel, {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      ...options,
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
    const metadata = ({ requestId }: CallOptions): Metadata => {
      const made = this.#metadata();
      if (requestId !== undefined) made.set('x-request-id', requestId);
      return made;
    };
    const reply = <R>(
      start: (done: (error: ServiceError | null, value?: R) => void) => { cancel(): void },
      { signal }: CallOptions,
    ): Promise<R> =>
      new Promise((resolve, reject) => {
        const call = start((error, value) => {
          signal?.removeEventListener('abort', cancel);
          if (error) reject(new CallError(error));
          else resolve(value!);
        });
        const cancel = (): void => call.cancel();
        signal?.addEventListener('abort', cancel, { once: true });
        if (signal?.aborted) cancel();
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
                toOptions(options),
                done,
              ),
            options,
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
              toOptions(options),
            ),
            options,
          );
      case 'client_streaming':
        return (requests, options = {}) =>
          reply((done) => {
            const call = client.makeClientStreamRequest(
              path,
              encode,
              decode,
              metadata(options),
              toOptions(options),
              done,
            );
            send(call, requests as Iterable<unknown>);
            return call;
          }, options);
      default:
        return (requests, options = {}) => {
          const call = client.makeBidiStreamRequest(
            path,
            encode,
            decode,
            metadata(options),
            toOptions(options),
          );
          send(call, requests as Iterable<unknown>);
          return stream(call, options);
        };
    }
  }
}

function toOptions({ timeoutMs }: CallOptions): { deadline?: number } {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

/** Messages of a stream; leaving the loop early cancels the call. */
async function* stream<T>(
  call: AsyncIterable<T> & { cancel(): void },
  { signal }: CallOptions,
): AsyncIterable<T> {
  const cancel = (): void => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  try {
    for await (const message of call) yield message;
  } catch (error) {
    throw new CallError(error as ServiceError);
  } finally {
    signal?.removeEventListener('abort', cancel);
    call.cancel();
  }
}

interface Sink {
  write(message: unknown): boolean;
  once(event: 'drain' | 'close' | 'error', listener: () => void): unknown;
  end(): void;
  cancel(): void;
}

/** Sends as fast as the server takes; a source that fails cancels the call. */
async function send(call: Sink, requests: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
  let over = false;
  call.once('close', () => {
    over = true;
  });
  try {
    for await (const request of requests) {
      if (over) return;
      if (!call.write(request)) {
        await new Promise<void>((resolve) => {
          call.once('drain', resolve);
          call.once('close', resolve);
          call.once('error', resolve);
        });
      }
    }
    call.end();
  } catch {
    call.cancel();
  }
}
