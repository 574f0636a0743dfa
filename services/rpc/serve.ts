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
import type { Logger } from 'pino';
import { VigilError } from '../../src/errors.ts';
import type { Access, ArrivedCall } from '../security/access.ts';
import { Cancellation, LiveCalls } from './cancellation.ts';
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
  /** Names every caller, and refuses those who may not call. */
  readonly access: Pick<Access, 'gate'>;
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
  const live = new LiveCalls();
  const force = (): void => live.abort(new VigilError('SHUTTING_DOWN', 'the server is shutting down'));
  options.forced.addEventListener('abort', force, { once: true });
  for (const method of service.methods) {
    const handler = (handlers as unknown as Record<string, UnknownHandler>)[method.localName]!;
    implementation[method.localName] = bind(
      `${service.typeName}/${method.name}`,
      method,
      handler,
      options,
      live,
    );
  }
  server.addService(toServiceDefinition(service), implementation);
}

/** What one call may know and use; made for every call, so its parts are made when they are asked for. */
class CallFacts implements CallContext {
  readonly cancellation = new Cancellation();
  readonly method: string;
  readonly log: Logger;
  readonly deadline: number | undefined;
  /** Known when the call is let in. */
  principal = '';
  readonly #call: Call;

  constructor(method: string, log: Logger, call: Call) {
    this.method = method;
    this.log = log;
    this.#call = call;
    this.deadline = deadlineOf(call);
  }

  get signal(): AbortSignal {
    return this.cancellation.signal;
  }

  get requestId(): string | undefined {
    return requestIdOf(this.#call.metadata as Metadata);
  }
}

function bind(
  name: string,
  method: DescMethod,
  handler: UnknownHandler,
  options: ServeOptions,
  live: LiveCalls,
) {
  const asksStream = method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming';
  const answersStream = method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming';
  const gate = options.access.gate(name, asksStream || answersStream);
  return (call: Call, callback?: sendUnaryData<Buffer>): void => {
    const facts = new CallFacts(name, options.log, call);
    const { cancellation } = facts;
    let over = false;
    // grpc-js says "cancelled" at the end of every call.
    (call as EventEmitter).on('cancelled', () => {
      if (!over) cancellation.abort(cancelledBy(facts.deadline));
    });
    live.add(cancellation);
    const request = asksStream ? requests(method, call as Readable) : undefined;
    const input = (): unknown =>
      request ?? decode(method.input, (call as ServerUnaryCall<Buffer, Buffer>).request);
    const answer = async (): Promise<Buffer | undefined> => {
      if (!answersStream) return encode(method.output, (await handler(input(), facts)) as Message);
      for await (const message of handler(input(), facts) as AsyncIterable<Message>) {
        cancellation.throwIfAborted();
        await write(
          call as ServerWritableStream<Buffer, Buffer>,
          encode(method.output, message),
          cancellation.signal,
        );
      }
      cancellation.throwIfAborted();
      return undefined;
    };
    const work = async (): Promise<Buffer | undefined> => {
      const gated = gate(call as ArrivedCall);
      const { principal, release } = gated instanceof Promise ? await gated : gated;
      facts.principal = principal;
      try {
        return await answer();
      } finally {
        release();
      }
    };
    const end = (): void => {
      over = true;
      live.remove(cancellation);
    };
    observeCall(options, name, call.metadata as Metadata, work).then(
      (reply) => {
        end();
        if (callback) callback(null, reply);
        else (call as ServerWritableStream<Buffer, Buffer>).end();
      },
      (error) => {
        end();
        if (callback) callback(toRpcStatus(error));
        else call.emit('error', toServiceError(error));
      },
    );
  };
}

/** grpc-js has it on the wall clock; it is asked once, as the call arrives. */
function deadlineOf(call: Call): number | undefined {
  const deadline = call.getDeadline();
  const time = deadline instanceof Date ? deadline.getTime() : deadline;
  return Number.isFinite(time) ? performance.now() + (time - Date.now()) : undefined;
}

function cancelledBy(deadline: number | undefined): VigilError {
  // grpc-js's timer may be a millisecond early on this clock.
  return deadline !== undefined && performance.now() >= deadline - 1
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
