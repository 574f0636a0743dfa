import { createHash, type Hash } from 'node:crypto';
import type { CompileOptions } from './compile.ts';
import { compilerDigest } from './compiler-digest.ts';
import type { Graph } from './graph.ts';

/**
 * SHA-256, in hex, of all that decides what a traced program lowers to: its nodes, attributes, shapes, constants and
 * ports, the options, and the compiler itself. The order in which attributes were written counts; a step writes them
 * in the same order every time.
 * TypeError for an attribute that is not plain data.
 */
export function graphKey(graph: Graph, options: CompileOptions, arrangeable: readonly string[]): string {
  const { values, constants, ...rest } = graph;
  const hash = createHash('sha256');
  const part = (value: unknown): void => void hash.update(`${canonical(value)}\n`);
  part(compilerDigest());
  part(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)));
  part(arrangeable);
  part(rest);
  part([...values.values()]);
  for (const [id, data] of constants) {
    part([id, data.constructor.name, data.length]);
    addBytes(hash, data);
  }
  return hash.digest('hex');
}

function addBytes(hash: Hash, { buffer, byteOffset, byteLength }: ArrayBufferView): void {
  hash.update(new Uint8Array(buffer, byteOffset, byteLength));
}

/** JSON, with the numbers that JSON confuses marked, and without silent omissions. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0))) {
      return { number: Object.is(part, -0) ? '-0' : String(part) };
    }
    if (ArrayBuffer.isView(part)) {
      const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
      return { type: part.constructor.name, bytes: bytes.toString('base64') };
    }
    if (
      typeof part === 'function' ||
      typeof part === 'symbol' ||
      part instanceof Map ||
      part instanceof Set
    ) {
      throw new TypeError(`a ${typeof part} cannot be part of a graph's key`);
    }
    return part;
  });
}
