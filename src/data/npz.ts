/** NPZ: a zip of NPY arrays. Keys: X, y, and optionally subject|group, video|clip, fold, class_names, channel_names. */
import { unzipSync, zipSync } from 'fflate';
import { VigilError } from '../errors.ts';
import { createDataset } from './create-dataset.ts';
import type { Dataset } from './dataset.ts';
import { type NpyArray, readNpy, writeNpy } from './npy.ts';

/** Names that a file may leave out. */
export interface DatasetNames {
  readonly name?: string | undefined;
  readonly classNames?: readonly string[] | undefined;
  readonly channelNames?: readonly string[] | undefined;
}

/** All arrays of a file. `maxBytes` bounds what they may unpack to: a zip bomb is refused before it is unpacked. */
export function readNpz(bytes: Uint8Array, file: string, maxBytes: number): ReadonlyMap<string, NpyArray> {
  let total = 0;
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes, {
      filter: ({ originalSize }) => {
        total += originalSize;
        if (total > maxBytes) throw new RangeError('too large');
        return true;
      },
    });
  } catch (cause) {
    const found =
      cause instanceof RangeError ? `more than ${maxBytes} bytes unpacked` : 'no readable zip archive';
    const allowed = cause instanceof RangeError ? `at most ${maxBytes} bytes` : 'a whole .npz file';
    throw new VigilError('DATASET_MALFORMED', `${file}: found ${found}; allowed: ${allowed}`, {
      fields: [{ field: file, description: `found ${found}; allowed: ${allowed}` }],
      cause,
    });
  }
  return new Map(
    Object.entries(entries).map(([name, data]) => {
      const key = name.replace(/\.npy$/, '');
      return [key, readNpy(data, `${file}: ${key}`)] as const;
    }),
  );
}

/** A zip of arrays that NumPy reads. */
export function writeNpz(
  arrays: Readonly<
    Record<
      string,
      { shape: readonly number[]; data: Float32Array | Int32Array | Uint8Array | readonly string[] }
    >
  >,
): Uint8Array {
  const files = Object.entries(arrays).map(
    ([name, { shape, data }]) => [`${name}.npy`, writeNpy(shape, data)] as const,
  );
  return zipSync(Object.fromEntries(files), { level: 1 });
}

/** A dataset from an NPZ file. Names in the file win over `names`. */
export function parseNpzDataset(
  bytes: Uint8Array,
  file: string,
  names: DatasetNames,
  maxBytes: number,
): Dataset {
  const arrays = readNpz(bytes, file, maxBytes);
  const malformed = (field: string, found: string, allowed: string): VigilError =>
    VigilError.field(`${file}: ${field}`, found, allowed, 'DATASET_MALFORMED');
  const required = (key: string): NpyArray => {
    const array = arrays.get(key);
    if (!array)
      throw malformed(key, `no such array; there are ${[...arrays.keys()].join(', ') || 'none'}`, 'X and y');
    return array;
  };
  const x = required('X');
  const y = required('y');
  if (x.shape.length !== 3) throw malformed('X', `shape (${x.shape.join(', ')})`, '(rows, channels, steps)');
  if (!(x.data instanceof Float32Array || x.data instanceof Float64Array) || !/^<f[48]$/.test(x.dtype)) {
    throw malformed('X', `dtype ${x.dtype}`, '<f4 or <f8');
  }
  const [rows, channels, steps] = x.shape as [number, number, number];
  const integers = (key: string, array: NpyArray): Int32Array => {
    if (array.shape.length !== 1 || array.shape[0] !== rows) {
      throw malformed(key, `shape (${array.shape.join(', ')})`, `(${rows},) as X has ${rows} rows`);
    }
    const data = array.data as Float64Array;
    const bad = Array.from(data).findIndex((value) => !Number.isInteger(value));
    if (typeof data[0] === 'string' || bad >= 0)
      throw malformed(key, `dtype ${array.dtype}`, 'whole numbers');
    return Int32Array.from(data);
  };
  const optional = (...keys: string[]): Int32Array | undefined => {
    const key = keys.find((candidate) => arrays.has(candidate));
    return key === undefined ? undefined : integers(key, arrays.get(key)!);
  };
  const strings = (key: string): readonly string[] | undefined => {
    const data = arrays.get(key)?.data;
    return data && typeof data[0] === 'string' ? (data as readonly string[]) : undefined;
  };
  const labels = integers('y', y);
  const largest = labels.reduce((max, label) => Math.max(max, label), 0);
  const classNames =
    strings('class_names') ??
    names.classNames ??
    Array.from({ length: largest + 1 }, (_, label) => `class_${label}`);
  const bad = labels.findIndex((label) => label < 0 || label >= classNames.length);
  if (bad >= 0) {
    throw malformed(
      `y[${bad}]`,
      String(labels[bad]),
      `0 to ${classNames.length - 1} (${classNames.join(', ')})`,
    );
  }
  const channelNames =
    strings('channel_names') ??
    names.channelNames ??
    Array.from({ length: channels }, (_, c) => `channel_${c}`);
  const parts = {
    name: names.name ?? file,
    channels,
    steps,
    channelNames,
    classNames,
    values: Float32Array.from(x.data),
    labels: Uint8Array.from(labels),
    groups: optional('subject', 'group'),
    clips: optional('video', 'clip'),
    folds: optional('fold'),
  };
  return createDataset(parts, file);
}
