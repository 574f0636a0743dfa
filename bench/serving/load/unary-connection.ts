/**
 * One HTTP/2 connection that sends the same unary gRPC call over and over. Frames are made once and only their stream
 * ids change, which costs a few microseconds a call: a load generator shares the machine with what it measures.
 */
import { connect, type Socket } from 'node:net';
import { HeaderBlocks } from './header-blocks.ts';
import { readReply } from './hpack.ts';
import {
  contentOf,
  FLAG,
  FRAME,
  type Frame,
  FrameReader,
  frame,
  PREFACE,
  SETTING,
  settingsFrame,
  windowUpdateFrame,
} from './http2-frames.ts';
import { type CallEnd, framesOf, type Outcome, type UnaryCall } from './unary-call.ts';

/** A call that waits until the server takes more. */
interface Waiting {
  readonly end: CallEnd;
  /** When the caller gives up, on the clock of `performance`. */
  readonly expires: number;
}

interface Open extends Waiting {
  bytes: number;
  status: number | undefined;
  http200: boolean;
}

const OWN_WINDOW = 2 ** 31 - 1;
const DEFAULT_WINDOW = 65_535;
/** Bytes received before the connection's window is filled up again. */
const REFILL = 2 ** 24;
const REFUSED_STREAM = 7;
const LAST_STREAM = 2 ** 31 - 1;
const CANCEL = 8;
const DEADLINE_EXCEEDED = 4;
/** How often callers are asked whether they give up. */
const EXPIRY_MS = 5;

export class UnaryConnection {
  readonly #socket: Socket;
  readonly #call: UnaryCall;
  readonly #open = new Map<number, Open>();
  readonly #waiting: Waiting[] = [];
  readonly #blocks = new HeaderBlocks((...block) => this.#onBlock(...block));
  #next = 1;
  #window = DEFAULT_WINDOW;
  #peerWindow = DEFAULT_WINDOW;
  #maxStreams = Number.POSITIVE_INFINITY;
  #received = 0;
  #expiry: NodeJS.Timeout | undefined;
  #corked = false;
  #ready: (() => void) | undefined;
  /** Set once nothing more can be sent. */
  #over = false;
  #closed: ((connection: UnaryConnection) => void) | undefined;

  private constructor(socket: Socket, call: UnaryCall) {
    this.#socket = socket;
    this.#call = call;
  }

  /** Connects and waits until both sides know each other's settings. `onOver` hears once when it cannot send any more. */
  static async open(
    address: string,
    call: UnaryCall,
    onOver: (connection: UnaryConnection) => void = () => {},
  ): Promise<UnaryConnection> {
    const colon = address.lastIndexOf(':');
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
    socket.setNoDelay(true);
    const connection = new UnaryConnection(socket, call);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`${address} closed the connection`)));
      connection.#ready = resolve;
      connection.#greet();
    });
    if (call.body.length > connection.#peerWindow)
      throw new Error(
        `a call of ${call.body.length} bytes; ${address} takes ${connection.#peerWindow} at once`,
      );
    connection.#closed = onOver;
    return connection;
  }

  /** False when calls end at once as `refused`. */
  get usable(): boolean {
    return !this.#over;
  }

  /** Sends the call that was due at `due`, or keeps it until the server takes more; `end` hears once how it ended. */
  send(end: CallEnd, due: number): void {
    if (this.#over) {
      end('refused');
      return;
    }
    const { timeoutMs } = this.#call;
    const waiting = { end, expires: due + timeoutMs };
    if (this.#waiting.length > 0 || !this.#hasRoom()) this.#waiting.push(waiting);
    else this.#start(waiting);
    if (timeoutMs < Number.POSITIVE_INFINITY) this.#expiry ??= setInterval(() => this.#expire(), EXPIRY_MS);
  }

  close(): void {
    this.#socket.destroy();
  }

  #greet(): void {
    const socket = this.#socket;
    const reader = new FrameReader((received) => this.#on(received));
    socket.on('data', (chunk: Buffer) => reader.read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#end());
    socket.write(
      Buffer.concat([
        PREFACE,
        settingsFrame([
          [SETTING.headerTableSize, 0],
          [SETTING.enablePush, 0],
          [SETTING.initialWindowSize, OWN_WINDOW],
        ]),
        windowUpdateFrame(0, OWN_WINDOW - DEFAULT_WINDOW),
      ]),
    );
  }

  #hasRoom(): boolean {
    return this.#window >= this.#call.body.length && this.#open.size < this.#maxStreams;
  }

  #start({ end, expires }: Waiting): void {
    const id = this.#next;
    this.#next += 2;
    this.#open.set(id, { end, expires, bytes: 0, status: undefined, http200: true });
    this.#window -= this.#call.body.length;
    this.#cork();
    for (const piece of framesOf(this.#call, id)) this.#socket.write(piece);
  }

  /** Callers give up in the order in which they came: all wait equally long. */
  #expire(): void {
    const now = performance.now();
    for (const [id, { expires }] of this.#open) {
      if (expires > now) break;
      const reason = Buffer.alloc(4);
      reason.writeUInt32BE(CANCEL);
      this.#socket.write(frame(FRAME.rstStream, 0, id, reason));
      this.#finish(id, DEADLINE_EXCEEDED);
    }
    while (this.#waiting.length > 0 && this.#waiting[0]!.expires <= now)
      this.#waiting.shift()!.end(DEADLINE_EXCEEDED);
  }

  /** What is sent in one turn of the event loop goes in one system call. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#hasRoom()) this.#start(this.#waiting.shift()!);
  }

  #on(received: Frame): void {
    const { type, flags, stream, payload } = received;
    switch (type) {
      case FRAME.data:
        this.#onData(received);
        return;
      case FRAME.headers:
      case FRAME.continuation:
        this.#blocks.read(received);
        return;
      case FRAME.rstStream:
        this.#finish(stream, payload.readUInt32BE(0) === REFUSED_STREAM ? 'refused' : 'reset');
        return;
      case FRAME.settings:
        this.#onSettings(flags, payload);
        return;
      case FRAME.ping:
        if (!(flags & FLAG.ack)) this.#socket.write(frame(FRAME.ping, FLAG.ack, 0, Buffer.from(payload)));
        return;
      case FRAME.windowUpdate:
        if (stream === 0) this.#window += payload.readUInt32BE(0) & 0x7fffffff;
        this.#pump();
        return;
      case FRAME.goaway:
        this.#onGoaway(payload.readUInt32BE(0) & 0x7fffffff);
    }
  }

  #onSettings(flags: number, payload: Buffer): void {
    if (flags & FLAG.ack) {
      // Ours are in force: from here on every header block stands alone.
      this.#ready?.();
      return;
    }
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      const key = payload.readUInt16BE(at);
      if (key === SETTING.initialWindowSize) this.#peerWindow = value;
      if (key === SETTING.maxConcurrentStreams) this.#maxStreams = value;
    }
    this.#socket.write(frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
  }

  #onData(received: Frame): void {
    this.#received += received.payload.length;
    if (this.#received > REFILL) {
      this.#socket.write(windowUpdateFrame(0, this.#received));
      this.#received = 0;
    }
    const open = this.#open.get(received.stream);
    if (open) open.bytes += contentOf(received).length;
    if (received.flags & FLAG.endStream) this.#finish(received.stream, 'malformed');
  }

  #onBlock(stream: number, block: Buffer, endStream: boolean): void {
    const open = this.#open.get(stream);
    if (!open) return;
    const { grpcStatus, http200 } = readReply(block);
    open.status = grpcStatus ?? open.status;
    open.http200 &&= http200;
    if (!endStream) return;
    const empty = open.status === 0 && open.bytes === 0;
    this.#finish(stream, !open.http200 || open.status === undefined || empty ? 'malformed' : open.status);
  }

  #finish(stream: number, outcome: Outcome): void {
    const open = this.#open.get(stream);
    if (!open) return;
    this.#open.delete(stream);
    open.end(outcome);
    this.#pump();
  }

  #onGoaway(last: number): void {
    for (const id of [...this.#open.keys()]) if (id > last) this.#finish(id, 'refused');
    this.#stop();
    // A graceful server names every stream first, and the last one that it took in a second GOAWAY.
    if (last !== LAST_STREAM && this.#open.size === 0) this.#socket.end();
  }

  /** Nothing more is sent; what waits was never sent. */
  #stop(): void {
    if (this.#over) return;
    this.#over = true;
    for (const { end } of this.#waiting.splice(0)) end('refused');
    this.#closed?.(this);
  }

  #end(): void {
    clearInterval(this.#expiry);
    this.#stop();
    for (const id of [...this.#open.keys()]) this.#finish(id, 'lost');
  }
}
