/**
 * Refuses calls when their headers come, before grpc-js makes a call of them, their message is read and their caller is
 * named: under overload a server that pays the full price for each refusal has no time left for what it accepted.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { type Server, status } from '@grpc/grpc-js';
import type { VigilError } from '../../src/errors.ts';
import { http2ListenersOf } from './http2-server.ts';
import type { CallObserver } from './observe.ts';
import { toRpcStatus } from './status.ts';

/**
 * Why a call cannot be accepted now; undefined when it can. `deadline` is the caller's, on the clock of
 * `performance.now()`.
 */
export type EarlyRefusal = (deadline: number | undefined) => VigilError | undefined;

/** As `grpc-timeout` counts (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Asks `refusals`, by path ("/package.Service/Method"), before grpc-js hears of a call. The server is bound. */
export function refuseEarly(
  server: Server,
  refusals: ReadonlyMap<string, EarlyRefusal>,
  onCall: CallObserver,
): void {
  const responses = new Responses();
  for (const listener of http2ListenersOf(server)) {
    const served = listener.listeners('stream') as ((...event: unknown[]) => void)[];
    if (served.length === 0)
      throw new Error('@grpc/grpc-js does not listen to streams; its version is not the pinned one');
    listener.removeAllListeners('stream');
    listener.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest: unknown[]) => {
      const path = headers[':path'] as string;
      const error = refusals.get(path)?.(deadlineOf(headers));
      if (!error) {
        for (const serve of served) serve.call(listener, stream, headers, ...rest);
        return;
      }
      // Of a client that is gone already, or goes while it is answered.
      stream.once('error', () => {});
      if (stream.closed || stream.destroyed) return;
      const { code, headers: response } = responses.of(error);
      // Nobody has read the message, so the stream is reset without an error behind its answer (RFC 9113, 8.1).
      stream.respond(response, { endStream: true });
      onCall(path.slice(1), status[code] ?? 'UNKNOWN', 0);
    });
  }
}

function deadlineOf(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['grpc-timeout'];
  const found = typeof text === 'string' ? TIMEOUT.exec(text) : null;
  return found ? performance.now() + Number(found[1]) * UNIT_MS[found[2]!]! : undefined;
}

interface Response {
  readonly code: status;
  readonly headers: Record<string, string | number | string[]>;
}

/** Refusals of one moment are alike, and most of their price is in writing them down: the last is kept. */
class Responses {
  #error: VigilError | undefined;
  #response: Response | undefined;

  of(error: VigilError): Response {
    const { message, retryAfterMs } = error;
    if (this.#response && this.#error?.message === message && this.#error.retryAfterMs === retryAfterMs)
      return this.#response;
    const { code, details, metadata } = toRpcStatus(error);
    this.#error = error;
    this.#response = {
      code,
      headers: {
        [constants.HTTP2_HEADER_STATUS]: constants.HTTP_STATUS_OK,
        [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc+proto',
        'grpc-status': String(code),
        'grpc-message': encodeURI(details),
        ...(metadata.toHttp2Headers() as Record<string, string[]>),
      },
    };
    return this.#response;
  }
}
