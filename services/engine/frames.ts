/**
 * Rows on a socket between the gateway and its engine process. A frame is a header, a name and float32 values, all
 * little-endian, as both ends are the same machine. Values are written from where they lie and read to where they are
 * used: through the process's message channel they would be copied five times, and each copy is memory that collections
 * of garbage are counted by.
 *
 *     0  float64  id
 *     8  float64  seconds
 *    16  uint32   rows
 *    20  uint32   mark, the sender's own
 *    24  uint32   number of values
 *    28  uint32   bytes of the name, in UTF-8
 */
import type { Writable } from 'node:stream';

const HEADER_BYTES = 32;

export interface FrameHead {
  readonly id: number;
  readonly seconds: number;
  readonly rows: number;
  readonly mark: number;
  readonly name: string;
}

export interface Frame extends FrameHead {
  /** As many values as were sent; longer where `allocate` gave more. */
  readonly values: Float32Array;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Writes one frame in one call of the system, where the socket takes that much. `parts` are borrowed until they are written. */
export function writeFrame(socket: Writable, head: FrameHead, parts: readonly Float32Array[]): void {
  const name = Buffer.from(head.name);
  const header = Buffer.allocUnsafe(HEADER_BYTES + name.length);
  header.writeDoubleLE(head.id, 0);
  header.writeDoubleLE(head.seconds, 8);
  header.writeUInt32LE(head.rows, 16);
  header.writeUInt32LE(head.mark, 20);
  header.writeUInt32LE(
    parts.reduce((sum, part) => sum + part.length, 0),
    24,
  );
  header.writeUInt32LE(name.length, 28);
  header.set(name, HEADER_BYTES);
  socket.cork();
  socket.write(header);
  for (const part of parts) socket.write(bytesOf(part));
  socket.uncork();
}

/** Puts frames together from pieces of a stream. */
export class FrameReader {
  readonly #allocate: (values: number) => Float32Array;
  readonly #onFrame: (frame: Frame) => void;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #name: Buffer = Buffer.alloc(0);
  #values: Float32Array = new Float32Array(0);
  /** What the next bytes go to, how many of them belong there, and how many have come. */
  #target: Uint8Array = this.#header;
  #wanted = HEADER_BYTES;
  #have = 0;
  #part: 'header' | 'name' | 'values' = 'header';

  /** `allocate` gives room for so many values at least. */
  constructor(allocate: (values: number) => Float32Array, onFrame: (frame: Frame) => void) {
    this.#allocate = allocate;
    this.#onFrame = onFrame;
  }

  /** The piece is read before this returns. */
  push(piece: Uint8Array): void {
    let at = 0;
    for (;;) {
      const count = Math.min(piece.length - at, this.#wanted - this.#have);
      this.#target.set(piece.subarray(at, at + count), this.#have);
      at += count;
      this.#have += count;
      if (this.#have < this.#wanted) return;
      this.#advance();
    }
  }

  #advance(): void {
    if (this.#part === 'header') {
      this.#name = Buffer.alloc(this.#header.readUInt32LE(28));
      this.#read('name', this.#name, this.#name.length);
    } else if (this.#part === 'name') {
      const count = this.#header.readUInt32LE(24);
      this.#values = this.#allocate(count);
      this.#read('values', bytesOf(this.#values), 4 * count);
    } else {
      const values = this.#values;
      this.#values = new Float32Array(0);
      this.#read('header', this.#header, HEADER_BYTES);
      this.#onFrame({
        id: this.#header.readDoubleLE(0),
        seconds: this.#header.readDoubleLE(8),
        rows: this.#header.readUInt32LE(16),
        mark: this.#header.readUInt32LE(20),
        name: this.#name.toString(),
        values,
      });
    }
  }

  #read(part: 'header' | 'name' | 'values', target: Uint8Array, wanted: number): void {
    this.#part = part;
    this.#target = target;
    this.#wanted = wanted;
    this.#have = 0;
  }
}
