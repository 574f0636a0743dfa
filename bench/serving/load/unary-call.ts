import { FLAG, FRAME, frameHeader, HEADER_BYTES, MAX_PAYLOAD } from './http2-frames.ts';

/** How a call ended: a gRPC code, or why there is none. */
export type Outcome =
  | number
  /** The server says that it did not take the call (REFUSED_STREAM, or beyond the last stream of a GOAWAY). */
  | 'refused'
  /** Reset by the server. */
  | 'reset'
  /** The connection went away before the answer. */
  | 'lost'
  /** An answer that is none: HTTP error, no status, OK without a message. */
  | 'malformed';

export type CallEnd = (outcome: Outcome) => void;

/** The call as bytes. */
export interface UnaryCall {
  readonly headers: Buffer;
  /** The message with its five bytes of prefix. */
  readonly body: Buffer;
  /** The caller gives up so long after the call was due, as clients with a deadline do. */
  readonly timeoutMs: number;
}

/** The call on stream `id`, in pieces; the message itself is not copied. */
export function framesOf({ headers, body }: UnaryCall, id: number): Buffer[] {
  const pieces = [frameHeader(headers.length, FRAME.headers, FLAG.endHeaders, id), headers];
  for (let at = 0; at < body.length; at += MAX_PAYLOAD) {
    const piece = body.subarray(at, at + MAX_PAYLOAD);
    const last = at + MAX_PAYLOAD >= body.length;
    pieces.push(frameHeader(piece.length, FRAME.data, last ? FLAG.endStream : 0, id), piece);
  }
  // What goes before the message is small: in one piece it is one entry of the system call instead of three.
  const small = 2 * HEADER_BYTES + headers.length;
  return [Buffer.concat(pieces.slice(0, 3), small), ...pieces.slice(3)];
}
