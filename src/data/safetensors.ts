/**
 * The safetensors format (https://github.com/huggingface/safetensors): an 8-byte little-endian header length, a JSON
 * header of names, shapes and byte ranges, then raw little-endian data. Only F32 is written and read.
 */
import { VigilError } from '../errors.ts';

export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface Safetensors {
  readonly arrays: ReadonlyMap<string, NamedArray>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Serializes arrays in the given order; data begins at a multiple of 8 bytes. */
export function writeSafetensors(
  arrays: readonly NamedArray[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  let end = 0;
  const entries = arrays.map(({ name, shape, values }) => {
    const begin = end;
    end += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }] as const;
  });
  const text = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const header = new TextEncoder().encode(text);
  const padded = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + end).fill(0x20, 8, 8 + padded);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(header, 8);
  let at = 8 + padded;
  for (const { values } of arrays) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

/** Parses a file; ARTIFACT_CORRUPT names the file and what does not fit. */
export function readSafetensors(bytes: Uint8Array, file: string): Safetensors {
  const corrupt = (what: string): VigilError =>
    new VigilError('ARTIFACT_CORRUPT', `${file} is not a valid safetensors file: ${what}`, {
      metadata: { file },
    });
  if (bytes.length < 8) throw corrupt(`it has ${bytes.length} bytes, a header needs 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > bytes.length - 8) {
    throw corrupt(`its header should have ${headerLength} bytes, ${bytes.length - 8} are there`);
  }
  const header = parseHeader(bytes.subarray(8, 8 + headerLength), corrupt);
  const data = bytes.subarray(8 + headerLength);
  const arrays = new Map<string, NamedArray>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    arrays.set(name, readEntry(name, entry, data, corrupt));
  }
  return { arrays, metadata: (header.__metadata__ ?? {}) as Record<string, string> };
}

type Corrupt = (what: string) => VigilError;

function parseHeader(bytes: Uint8Array, corrupt: Corrupt): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof header === 'object' && header !== null) return header as Record<string, unknown>;
  } catch {
    // Falls through to the error that names the file.
  }
  throw corrupt('its header is not a JSON object');
}

function readEntry(name: string, entry: unknown, data: Uint8Array, corrupt: Corrupt): NamedArray {
  const { dtype, shape, data_offsets: range } = (entry ?? {}) as Record<string, unknown>;
  if (dtype !== 'F32') throw corrupt(`tensor ${name} has dtype ${String(dtype)}; allowed: F32`);
  if (!isIntegers(shape) || !isIntegers(range) || range.length !== 2)
    throw corrupt(`tensor ${name} has no shape or range`);
  const [begin, end] = range as [number, number];
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (begin > end || end > data.length || end - begin !== size * 4) {
    throw corrupt(`tensor ${name} of shape [${shape}] lies at bytes ${begin} to ${end} of ${data.length}`);
  }
  // A copy: the range need not be aligned to 4 bytes in memory (and slice() of a Buffer would not copy).
  return { name, shape, values: new Float32Array(new Uint8Array(data.subarray(begin, end)).buffer) };
}

function isIntegers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isInteger(item) && item >= 0);
}
