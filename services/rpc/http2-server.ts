/** What grpc-js keeps for itself of the HTTP/2 servers below it; one version of it is pinned. */
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import { StreamTable } from './stream-table.ts';

/** Of a call's metadata, uncompressed, as RFC 9113 counts it (6.5.2); a token takes at most half of it. */
const MAX_METADATA_BYTES = 16 * 1024;
/**
 * What a caller may send before the server has read it, on one stream and on one connection. The protocol's 64 KiB hold
 * nine requests of 18 x 100 values: a connection shared by more callers would wait for window updates, out of sight of
 * admission.
 */
const STREAM_WINDOW_BYTES = 2 ** 20;
const CONNECTION_WINDOW_BYTES = 2 ** 22;
/**
 * Streams that a client may reset at once and per second, for every stream it may have open. A proxy resets one for
 * every caller whose deadline passes; Node's own limit, 33 a second after a thousand, ends its connection with all other
 * calls on it.
 */
const RESETS_PER_STREAM = 4;

/** The options that grpc-js hands to node:http2. */
interface Http2Options {
  settings?: Record<string, number>;
  streamResetBurst?: number;
  streamResetRate?: number;
  maxSessionRejectedStreams?: number;
}

/** Sets the options of a server that is not bound yet; its version of grpc-js must be one that keeps them. */
export function setHttp2Options(server: Server, maxConcurrentStreams: number): void {
  const { commonServerOptions: options } = server as unknown as { commonServerOptions?: Http2Options };
  if (!options)
    throw new Error('@grpc/grpc-js has no commonServerOptions; its version is not the pinned one');
  options.settings = {
    maxConcurrentStreams,
    maxHeaderListSize: MAX_METADATA_BYTES,
    initialWindowSize: STREAM_WINDOW_BYTES,
  };
  options.streamResetBurst = RESETS_PER_STREAM * maxConcurrentStreams;
  options.streamResetRate = RESETS_PER_STREAM * maxConcurrentStreams;
  // A client at its limit opens the next stream when it has the answer to the last, which may be before Node has done with
  // it: that stream is refused (ENHANCE_YOUR_CALM). By default the hundredth ends the connection with all calls on it.
  options.maxSessionRejectedStreams = 2 ** 32 - 1;
}

/** The window of a whole connection is no setting: it is widened when the connection is there. */
export function widenConnection(session: ServerHttp2Session): void {
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
}

/** Releases of Node whose node:http2 was read: it keeps the streams of a connection so, and uses no more of a Map. */
const KNOWN_NODE = /^v(20|22)\./;

/**
 * Lets young collections free what a call leaves behind. Node remembers the streams of a connection in a Map, whose
 * outgrown tables point to those that follow; once one of them is old, V8's young collections take all of them for
 * reachable, and what hangs on the streams is carried to the old generation, whose collections stop the process for tens
 * of milliseconds. So a closed stream is cut off from its call, and streams are kept in a table of ours; a Node that is
 * not known keeps its Map, and is slower. Of a server that is bound, before anything else listens to its streams.
 */
export function releaseClosedStreams(server: Server, node = process.version): void {
  for (const listener of http2ListenersOf(server)) {
    if (KNOWN_NODE.test(node)) listener.on('session', replaceStreamMap);
    listener.prependListener('stream', (stream: ServerHttp2Stream) => {
      stream.once('close', () => {
        stream.removeAllListeners();
        stream.on('error', ignore);
      });
    });
  }
}

const ignore = (): void => {};

/** Of a session that is new. */
function replaceStreamMap(session: ServerHttp2Session): void {
  const symbol = Object.getOwnPropertySymbols(session).find(({ description }) => description === 'state');
  const state = symbol && (session as unknown as Record<symbol, { streams?: unknown }>)[symbol];
  if (state?.streams instanceof Map && state.streams.size === 0) state.streams = new StreamTable();
}

/** Of a server that is bound. */
export function http2ListenersOf(server: Server): readonly Http2Server[] {
  const { http2Servers } = server as unknown as { http2Servers?: Map<Http2Server, unknown> };
  const listeners = [...(http2Servers?.keys() ?? [])];
  if (listeners.length === 0)
    throw new Error('@grpc/grpc-js has no http2Servers; its version is not the pinned one');
  return listeners;
}
