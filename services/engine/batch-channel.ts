/** Batches to an instance of the engine and answers from it, on a socket of their own beside the fork's channel. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { BufferPool } from './buffer-pool.ts';
import { FrameReader, writeFrame } from './frames.ts';
import type { EngineCalls } from './protocol.ts';

type Request = EngineCalls['classify']['request'];
type Reply = EngineCalls['classify']['reply'];

/** The first instance's among the process's descriptors, behind the fork's channel; the others' follow. */
export const BATCH_DESCRIPTOR = 4;
/** What one read of the system takes at most: about a batch of 32 rows of 18 x 100 values. */
const READ_BYTES = 2 ** 18;
const EMBEDDING = 1;
const ignore = (): void => {};

/** The gateway's end; `onReply` hears of every batch that was answered. */
export class BatchSender {
  readonly #socket: Duplex;

  constructor(socket: Duplex, onReply: (id: number, reply: Reply) => void) {
    this.#socket = socket;
    const reader = new FrameReader(
      (count) => new Float32Array(count),
      ({ id, seconds, mark, values }) =>
        onReply(id, {
          logits: values.subarray(0, mark),
          embedding: mark < values.length ? values.subarray(mark) : undefined,
          computeSeconds: seconds,
        }),
    );
    socket.on('data', (piece: Buffer) => reader.push(piece));
    // Of a process that is gone: its exit tells.
    socket.on('error', ignore);
  }

  send(id: number, { version, rows, values, embedding }: Request): void {
    const mark = embedding ? EMBEDDING : 0;
    writeFrame(this.#socket, { id, seconds: 0, rows, mark, name: version }, values);
  }
}

/** The engine's end, at a descriptor of the process: answers every batch with `classify`, or tells `onFailure`. */
export function serveBatches(
  descriptor: number,
  classify: (request: Request) => Promise<Reply>,
  onFailure: (id: number, error: unknown) => void,
): void {
  const buffers = new BufferPool();
  const instance = descriptor - BATCH_DESCRIPTOR;
  const reader = new FrameReader(
    (count) => buffers.take(count),
    ({ id, rows, mark, name, values }) => {
      const embedding = mark === EMBEDDING;
      classify({ instance, version: name, rows, values: [values], embedding })
        .then(
          ({ logits, embedding: found, computeSeconds }) =>
            writeFrame(
              socket,
              { id, seconds: computeSeconds, rows, mark: logits.length, name: '' },
              found ? [logits, found] : [logits],
            ),
          (error: unknown) => onFailure(id, error),
        )
        .finally(() => buffers.give(values));
    },
  );
  const onread = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback: (count: number, bytes: Uint8Array): boolean => {
      reader.push(bytes.subarray(0, count));
      return true;
    },
  };
  const socket = new Socket({ fd: descriptor, readable: true, writable: true, onread });
  // The gateway is gone: the fork's channel tells.
  socket.on('error', ignore);
}
