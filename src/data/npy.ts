/** The NPY format, versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
import { VigilError } from '../errors.ts';

/** An array of an NPY file: numbers, or strings for `<U` types. */
export interface NpyArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array | readonly string[];
}

/** Reads numbers of a dtype at a byte offset. */
type Reader = (view: DataView, at: number) => number;
const NUMBERS: Readonly<Record<string, readonly [bytes: number, read: Reader]>> = {
  '<f4': [4, (view, at) => view.getFloat32(at, true)],
  '<f8': [8, (view, at) => view.getFloat64(at, true)],
  '|i1': [1, (view, at) => view.getInt8(at)],
  '|u1': [1, (view, at) => view.getUint8(at)],
  '|b1': [1, (view, at) => view.getUint8(at)],
  '<i2': [2, (view, at) => view.getInt16(at, true)],
  '<u2': [2, (view, at) => view.getUint16(at, true)],
  '<i4': [4, (view, at) => view.getInt32(at, true)],
  '<u4': [4, (view, at) => view.getUint32(at, true)],
  '<i8': [8, (view, at) => Number(view.getBigInt64(at, true))],
  '<u8': [8, (view, at) => Number(view.getBigUint64(at, true))],
};

/** Parses one array; DATASET_MALFORMED names `file` and what is wrong. */
export function readNpy(bytes: Uint8Array, file: string): NpyArray {
  const malformed = (field: string, found: string, allowed: string): VigilError =>
    VigilError.field(`${file}: ${field}`, found, allowed, 'DATASET_MALFORMED');
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(1, 6)) !== 'NUMPY' || bytes[0] !== 0x93) {
    throw malformed('magic', `${bytes.length} bytes that are no NPY file`, 'an NPY file');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = wide ? 12 : 10;
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, start + length));
  const dtype = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (dtype === undefined || order === undefined || shapeText === undefined) {
    throw malformed('header', JSON.stringify(header.slice(0, 80)), 'descr, fortran_order and shape');
  }
  if (order === 'True') throw malformed('fortran_order', 'True', 'False (C order)');
  const shape = shapeText.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  const body = bytes.subarray(start + length);
  const unicode = /^<U(\d+)$/.exec(dtype);
  const itemBytes = unicode ? 4 * Number(unicode[1]) : NUMBERS[dtype]?.[0];
  if (itemBytes === undefined) throw malformed('dtype', dtype, `${Object.keys(NUMBERS).join(', ')}, <U`);
  if (body.length < count * itemBytes) {
    throw malformed(
      'data',
      `${body.length} bytes`,
      `${count * itemBytes} for shape (${shape.join(', ')}) of ${dtype}: the file is cut`,
    );
  }
  if (unicode) return { dtype, shape, data: readStrings(body, count, Number(unicode[1])) };
  return { dtype, shape, data: readNumbers(body, count, dtype) };
}

function readNumbers(body: Uint8Array, count: number, dtype: string): Float32Array | Float64Array {
  const [bytes, read] = NUMBERS[dtype]!;
  if (dtype === '<f4') return new Float32Array(new Uint8Array(body.subarray(0, count * 4)).buffer);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return Float64Array.from({ length: count }, (_, i) => read(view, i * bytes));
}

function readStrings(body: Uint8Array, count: number, width: number): string[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return Array.from({ length: count }, (_, item) => {
    const points = Array.from({ length: width }, (_unused, i) =>
      view.getUint32((item * width + i) * 4, true),
    );
    return String.fromCodePoint(...points.filter((point) => point > 0 && point <= 0x10ffff));
  });
}

/** Serializes float32, int32, uint8 or strings as NPY version 1. */
export function writeNpy(
  shape: readonly number[],
  data: Float32Array | Int32Array | Uint8Array | readonly string[],
): Uint8Array {
  const [dtype, body] = encode(data);
  const comma = shape.length === 1 ? ',' : '';
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${shape.join(', ')}${comma}), }`;
  const padded = text.padEnd(Math.ceil((10 + text.length + 1) / 64) * 64 - 10 - 1, ' ');
  const bytes = new Uint8Array(10 + padded.length + 1 + body.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, padded.length + 1, true);
  bytes.set(new TextEncoder().encode(`${padded}\n`), 10);
  bytes.set(body, 10 + padded.length + 1);
  return bytes;
}

function encode(data: Float32Array | Int32Array | Uint8Array | readonly string[]): [string, Uint8Array] {
  if (data instanceof Float32Array)
    return ['<f4', new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
  if (data instanceof Int32Array)
    return ['<i4', new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
  if (data instanceof Uint8Array) return ['|u1', data];
  const points = data.map((text) => Array.from(text, (character) => character.codePointAt(0)!));
  const width = Math.max(1, ...points.map((list) => list.length));
  const words = new Uint32Array(data.length * width);
  points.forEach((list, item) => {
    words.set(list, item * width);
  });
  return [`<U${width}`, new Uint8Array(words.buffer)];
}
