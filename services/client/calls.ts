/** The four shapes of a call as promises and async iterables, with one AbortSignal each. */
import type { ServiceError } from '@grpc/grpc-js';
import { VigilCallError } from './call-error.ts';

export interface CallOptions {
  /** Milliseconds until DEADLINE_EXCEEDED, instead of the client's default; Infinity for none. */
  readonly timeoutMs?: number;
  /** Sent as `x-request-id`: the same for every try of one request. */
  readonly requestId?: string;
  /** Cancels the call: it ends with CANCELLED. */
  readonly signal?: AbortSignal;
}

interface Cancellable {
  cancel(): void;
}

export type Source<T> = Iterable<T> | AsyncIterable<T>;

/** Cancels the call when the signal aborts; returns what stops listening. */
function cancelOn(signal: AbortSignal | undefined, call: Cancellable): () => void {
  const cancel = (): void => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  return () => signal?.removeEventListener('abort', cancel);
}

/** The one answer of a call that `start` starts. */
export function reply<T>(
  start: (done: (error: ServiceError | null, value?: T) => void) => Cancellable,
  signal: AbortSignal | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let release = (): void => {};
    const call = start((error, value) => {
      release();
      if (error) reject(new VigilCallError(error));
      else resolve(value!);
    });
    release = cancelOn(signal, call);
  });
}

/** The messages of a call; leaving the loop early cancels it. */
export async function* stream<T>(
  call: AsyncIterable<T> & Cancellable,
  signal: AbortSignal | undefined,
): AsyncIterable<T> {
  const release = cancelOn(signal, call);
  try {
    for await (const message of call) yield message;
  } catch (error) {
    throw new VigilCallError(error as ServiceError);
  } finally {
    release();
    call.cancel();
  }
}

/** What grpc-js gives to write requests to. */
export interface Sink extends Cancellable {
  write(message: unknown): boolean;
  once(event: 'drain', listener: () => void): unknown;
  end(): void;
}

/** Sends a source's requests as fast as the server takes them. A source that throws cancels the call. */
export class Sender {
  readonly #call: Sink;
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  #over = false;
  #wake = (): void => {};
  #failure: { readonly cause: unknown } | undefined;

  constructor(call: Sink, requests: Source<unknown>) {
    this.#call = call;
    this.#iterator =
      Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]();
    this.#run();
  }

  /** The source's own error, which goes before the CANCELLED that it caused; else `error`. */
  explain(error: unknown): unknown {
    return this.#failure ? this.#failure.cause : error;
  }

  /** The call is over: nothing more is taken from the source, which is told so. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#wake();
    // Not awaited: a source that waits for something ends when that comes.
    Promise.resolve(this.#iterator.return?.()).catch(() => {});
  }

  async #run(): Promise<void> {
    try {
      while (!this.#over) {
        const next = await this.#iterator.next();
        if (this.#over) return;
        if (next.done) return this.#call.end();
        if (this.#call.write(next.value)) continue;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          this.#call.once('drain', resolve);
        });
      }
    } catch (cause) {
      if (this.#over) return;
      this.#failure = { cause };
      this.#call.cancel();
    }
  }
}
