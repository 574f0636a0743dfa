/** What a connection may do before and beside its calls: come in numbers, stay silent, ping without end. */
import type { Http2Session, ServerHttp2Session } from 'node:http2';
import { constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Server } from '@grpc/grpc-js';
import { http2ListenersOf, widenConnection } from '../rpc/http2-server.ts';
import { subjectOf } from './client-certificates.ts';

export interface ConnectionLimits {
  readonly connections: number;
  /** 0 for no limit. */
  readonly perAddress: number;
  /** Milliseconds until a client must have sent its HTTP/2 preface. */
  readonly handshakeMs: number;
}

/** Why a connection was refused or ended. */
export const CONNECTION_REFUSALS = ['connections', 'address', 'handshake', 'pings'] as const;
export type ConnectionRefusal = (typeof CONNECTION_REFUSALS)[number];

/**
 * Pings of a client in a minute in which it gets nothing else. Keepalive needs six; clients that measure the bandwidth
 * ping once per round trip, but only while answers arrive, as in https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md.
 */
const MAX_IDLE_PINGS = 100;
const PING_WINDOW_MS = 60_000;
/** More than an acknowledged ping takes, inside TLS too. */
const PING_BYTES = 64;

export class ConnectionGuard {
  readonly #limits: ConnectionLimits;
  readonly #onRefused: (reason: ConnectionRefusal) => void;
  readonly #now: () => number;
  readonly #byAddress = new Map<string, number>();
  /** Peer → whose certificate it showed; only while it is connected. */
  readonly #subjects = new Map<string, { readonly session: Http2Session; readonly name: string }>();

  constructor(limits: ConnectionLimits, onRefused: (reason: ConnectionRefusal) => void, now: () => number) {
    this.#limits = limits;
    this.#onRefused = onRefused;
    this.#now = now;
  }

  /** Whom the verified certificate of a peer belongs to; `peer` is what grpc-js calls it. */
  subject(peer: string): string | undefined {
    return this.#subjects.get(peer)?.name;
  }

  /** Watches every connection of a server that is bound. */
  attach(server: Server): void {
    for (const listener of http2ListenersOf(server)) {
      listener.maxConnections = this.#limits.connections;
      listener.on('drop', () => this.#onRefused('connections'));
      listener.on('session', (session) => this.#watch(session));
    }
  }

  #watch(session: ServerHttp2Session): void {
    const { remoteAddress: address = 'unknown', remotePort } = session.socket;
    const { perAddress, handshakeMs } = this.#limits;
    const held = this.#byAddress.get(address) ?? 0;
    if (perAddress > 0 && held >= perAddress) {
      this.#end(session, 'address');
      return;
    }
    this.#byAddress.set(address, held + 1);
    const peer = `${address}:${remotePort}`;
    const certificate = (session.socket as TLSSocket).getPeerX509Certificate?.();
    if (certificate) this.#subjects.set(peer, { session, name: subjectOf(certificate) });
    const silent = setTimeout(() => this.#end(session, 'handshake'), handshakeMs);
    silent.unref();
    // Its SETTINGS are the second half of the preface (RFC 9113, 3.4).
    session.once('remoteSettings', () => clearTimeout(silent));
    widenConnection(session);
    this.#countPings(session);
    session.once('close', () => {
      clearTimeout(silent);
      const left = this.#byAddress.get(address)! - 1;
      if (left === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
      // The port may have been taken again before this one was seen to close.
      if (this.#subjects.get(peer)?.session === session) this.#subjects.delete(peer);
    });
  }

  #countPings(session: ServerHttp2Session): void {
    let pings = 0;
    let began = this.#now();
    let written = 0;
    session.on('ping', () => {
      const now = this.#now();
      const bytes = session.socket.bytesWritten;
      if (now - began >= PING_WINDOW_MS || bytes - written > (pings + 1) * PING_BYTES) {
        [pings, began, written] = [0, now, bytes];
      }
      pings += 1;
      if (pings > MAX_IDLE_PINGS) this.#end(session, 'pings');
    });
  }

  #end(session: ServerHttp2Session, reason: ConnectionRefusal): void {
    if (session.destroyed) return;
    this.#onRefused(reason);
    // The text by which gRPC clients know to ping less.
    const text = reason === 'pings' ? 'too_many_pings' : reason;
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from(text));
    session.destroy();
  }
}
