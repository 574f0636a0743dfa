/** Files that are made to harm whoever reads them. */
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { VigilError } from '../errors.ts';
import { parseDataset } from './load-dataset.ts';
import { writeNpy } from './npy.ts';

const MAX_BYTES = 1_000_000;
const parse = (bytes: Uint8Array, file: string): unknown =>
  parseDataset(bytes, file, { maxBytes: MAX_BYTES });
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function refusal(bytes: Uint8Array, file: string): VigilError {
  try {
    parse(bytes, file);
  } catch (error) {
    if (error instanceof VigilError) return error;
    throw error;
  }
  throw new Error('it was read');
}

/** A zip whose directory and headers say `size` where the entry unpacks to more. */
function lyingZip(size: number): Uint8Array {
  const bytes = zipSync({ 'X.npy': new Uint8Array(10_000_000) }, { level: 9 });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Local header (APPNOTE 4.3.7) and central directory (4.3.12): uncompressed size at 22 and 24.
  for (let at = 0; at < bytes.length - 4; at++) {
    const signature = view.getUint32(at, true);
    if (signature === 0x04034b50) view.setUint32(at + 22, size, true);
    if (signature === 0x02014b50) view.setUint32(at + 24, size, true);
  }
  return bytes;
}

test.each([100, 999_999])(
  'an archive that lies about its size, saying %d, takes no more than it says',
  (size) => {
    const bomb = lyingZip(size);
    expect(bomb.length).toBeLessThan(100_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(refusal(bomb, 'x.npz').code).toBe('DATASET_MALFORMED');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
  },
);

test('names in an archive are keys and never paths', () => {
  const array = writeNpy([1], new Float32Array(1));
  const bytes = zipSync({ '../../etc/cron.d/x.npy': array, '__proto__.npy': array });
  expect(refusal(bytes, 'x.npz').message).toContain('no such array');
  expect(({} as Record<string, unknown>).length).toBeUndefined();
});

test('an array whose header promises more than there is, is refused before it is made', () => {
  const header = (shape: string): Uint8Array => {
    const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }\n`;
    const bytes = new Uint8Array(10 + dictionary.length);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, dictionary.length & 255, dictionary.length >> 8]);
    bytes.set(text(dictionary), 10);
    return bytes;
  };
  for (const shape of [
    '(100000, 100000, 100000)',
    '(9007199254740993,)',
    '(-1, 2, 3)',
    `(${'9'.repeat(60)},)`,
  ])
    expect(refusal(zipSync({ 'X.npy': header(shape), 'y.npy': header('(1,)') }), 'x.npz').code).toBe(
      'DATASET_MALFORMED',
    );
});

test.each([
  ['arrays', '['.repeat(500_000) + ']'.repeat(500_000)],
  ['objects', `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`],
  ['arrays in a clip', `[{"frames":${'['.repeat(400_000)}${']'.repeat(400_000)}}]`],
  ['arrays that do not end', '['.repeat(900_000)],
])('%s, deeply nested, are refused and break nothing', (_, json) => {
  expect(refusal(text(json), 'x.json').code).toBe('DATASET_MALFORMED');
});

test('a key that would change what all objects inherit is a key', () => {
  expect(refusal(text('{"__proto__": {"polluted": true}, "clips": []}'), 'x.json').code).toMatch(/^DATASET_/);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('a line without end and a quote without end are refused', () => {
  expect(refusal(text('a,'.repeat(400_000)), 'x.csv').code).toBe('DATASET_MALFORMED');
  expect(refusal(text(`clip,label\n"${'x'.repeat(900_000)}`), 'x.csv').code).toBe('DATASET_MALFORMED');
});
