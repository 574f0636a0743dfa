import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { BufferPool } from './buffer-pool.ts';
import { type Frame, type FrameHead, FrameReader, writeFrame } from './frames.ts';

const head = (id: number, rows: number, name: string): FrameHead => ({
  id,
  seconds: 0.5,
  rows,
  mark: 3,
  name,
});

/** Three frames as bytes: rows in parts, an unaligned part, no values at all. */
function written(): Buffer {
  const socket = new PassThrough();
  const buffer = new ArrayBuffer(20);
  const behind = new Float32Array(buffer, 4, 2);
  behind.set([7, 8]);
  writeFrame(socket, head(2 ** 40 + 1, 3, 'stable'), [Float32Array.of(1, 2), Float32Array.of(3), behind]);
  writeFrame(socket, head(2, 1, 'á'), [Float32Array.of(-0.5)]);
  writeFrame(socket, head(3, 0, ''), []);
  return socket.read() as Buffer;
}

const read = (bytes: Buffer, pieces: number): Frame[] => {
  const frames: Frame[] = [];
  const reader = new FrameReader(
    (count) => new Float32Array(count),
    (frame) => frames.push(frame),
  );
  // One piece of memory for all, as a socket has: what is read is copied before the next comes.
  const shared = Buffer.alloc(pieces);
  for (let at = 0; at < bytes.length; at += pieces) {
    const count = bytes.copy(shared, 0, at, at + pieces);
    reader.push(shared.subarray(0, count));
  }
  return frames;
};

test.each([1, 3, 7, 32, 33, 64, 4096])(
  'frames are what was written, read in pieces of %i bytes',
  (pieces) => {
    const frames = read(written(), pieces);
    expect(frames.map(({ id, seconds, rows, mark, name }) => [id, seconds, rows, mark, name])).toEqual([
      [2 ** 40 + 1, 0.5, 3, 3, 'stable'],
      [2, 0.5, 1, 3, 'á'],
      [3, 0.5, 0, 3, ''],
    ]);
    expect(frames.map(({ values }) => [...values])).toEqual([[1, 2, 3, 7, 8], [-0.5], []]);
  },
);

test('arrays are used again where they are large enough, and the largest are kept', () => {
  const pool = new BufferPool();
  const first = pool.take(100);
  expect(first.length).toBe(128);
  pool.give(first);
  expect(pool.take(129)).not.toBe(first);
  expect(pool.take(7)).toBe(first);
  const many: Float32Array[] = Array.from({ length: 9 }, (_, i) => new Float32Array(i + 1));
  for (const array of many) pool.give(array);
  // The ninth pushed out the smallest.
  const taken = many.map(() => pool.take(1));
  expect(taken).not.toContain(many[0]);
  expect(taken.filter((array) => many.includes(array))).toHaveLength(8);
});
