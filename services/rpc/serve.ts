/** Typed async handlers on grpc-js: the only file that knows its four call shapes. */

import type { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { DescMethod, DescService, Message } from '@bufbuild/protobuf';
import type {
  Metadata,
  Server,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { VigilError } from '../../src/errors.ts';
import { decode, encode } from './codec.ts';
import { toServiceDefinition } from './definition.ts';
import type { CallContext, ServiceHandlers } from './handler.ts';
import { type Observation, observeCall } from './observe.ts';
import { requestIdOf } from './request-id.ts';
import { toRpcStatus, toServiceError } from './status.ts';

type Call =
  | ServerUnaryCall<Buffer, Buffer>
  | ServerReadableStream<Buffer, Buffer>
  | ServerWritableStream<Buffer, Buffer>
  | ServerDuplexStream<Buffer, Buffer>;
/** A handler with its message types forgotten; the descriptor beside it says what they are. */
type UnknownHandler = (request: unknown, context: CallContext) => unknown;

export interface ServeOptions extends Observation {
  /** Aborts every call: the server is forced to stop. */
  readonly forced: AbortSignal;
}

/** Adds a service. Handlers get one AbortSignal for cancel, deadline and forced stop. */
export function addService<S extends DescService>(
  server: Server,
  service: S,
  handlers: ServiceHandlers<S>,
  options: ServeOptions,
): void {
  const implementation: UntypedServiceImplementation = {};
  for (const method of service.methods) {
    const handler = (handlers as unknown as Record<string, UnknownHandler>)[method.localName]!;
    implementation[method.localName] = bind(`${service.typeName}/${method.name}`, method, handler, options);
  }
  server.addService(toServiceDefinition(service), implementation);
}

function bind(name: string, method: DescMethod, handler: UnknownHandler, options: ServeOptions) {
  const streams = {
    unary: [false, false],
    server_streaming: [false, true],
    client_streaming: [true, false],
    bidi_streaming: [true, true],
  }[method.methodKind] as [boolean, boolean];
  return (call: Call, callback?: sendUnaryData<Buffer>): void => {
    const controller = new AbortController();
    const abort = (): void => controller.abort(cancelledBy(call));
    const force = (): void =>
      controller.abort(new VigilError('SHUTTING_DOWN', 'the server is shutting down'));
    (call as EventEmitter).on('cancelled', abort);
    options.forced.addEventListener('abort', force, { once: true });
    const context: CallContext = {
      method: name,
      signal: controller.signal,
      deadline: deadlineOf(call),
      principal: call.getPeer(),
      requestId: requestIdOf(call.metadata as Metadata),
      log: options.log,
    };
    const request = streams[0] ? requests(method, call as Readable) : undefined;
    const input = (): unknown =>
      request ?? decode(method.input, (call as ServerUnaryCall<Buffer, Buffer>).request);
    const work = async (): Promise<Buffer | undefined> => {
      if (!streams[1]) return encode(method.output, (await handler(input(), context)) as Message);
      for await (const message of handler(input(), context) as AsyncIterable<Message>) {
        controller.signal.throwIfAborted();
        await write(
          call as ServerWritableStream<Buffer, Buffer>,
          encode(method.output, message),
          controller.signal,
        );
      }
      controller.signal.throwIfAborted();
      return undefined;
    };
    observeCall(options, name, call.metadata as Metadata, work)
      .then(
        (reply) => (callback ? callback(null, reply) : (call as ServerWritableStream<Buffer, Buffer>).end()),
        (error) => (callback ? callback(toRpcStatus(error)) : call.emit('error', toServiceError(error))),
      )
      .finally(() => options.forced.removeEventListener('abort', force));
  };
}

function deadlineOf(call: Call): number | undefined {
  const deadline = call.getDeadline();
  const time = deadline instanceof Date ? deadline.getTime() : deadline;
  return Number.isFinite(time) ? time : undefined;
}

function cancelledBy(call: Call): VigilError {
  const deadline = deadlineOf(call);
  return deadline !== undefined && Date.now() >= deadline
    ? new VigilError('DEADLINE_EXCEEDED', 'the deadline passed before the call was done')
    : new VigilError('CANCELLED', 'the caller cancelled');
}

async function* requests(method: DescMethod, call: Readable): AsyncIterable<unknown> {
  // The default iterator destroys the stream at its end, and with it the answers of a bidirectional call.
  const messages = call.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const bytes of messages) yield decode(method.input, bytes);
}

/** Writes one message and waits until the stream takes more: a slow reader holds the handler, not the memory. */
function write(
  call: ServerWritableStream<Buffer, Buffer>,
  message: Buffer,
  signal: AbortSignal,
): Promise<void> {
  if (call.write(message)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = (): void => {
      call.off('drain', drained);
      signal.removeEventListener('abort', aborted);
    };
    const drained = (): void => {
      done();
      resolve();
    };
    const aborted = (): void => {
      done();
      reject(signal.reason);
    };
    call.once('drain', drained);
    signal.addEventListener('abort', aborted, { once: true });
  });
}
