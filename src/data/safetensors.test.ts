import { expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

const arrays = [
  { name: 'a', shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
  { name: 'b', shape: [], values: Float32Array.of(-0.5) },
];

test('what is written is read back, with metadata, from any alignment', () => {
  const bytes = writeSafetensors(arrays, { epoch: '3' });
  const shifted = Buffer.alloc(bytes.length + 1);
  shifted.set(bytes, 1);
  const read = readSafetensors(shifted.subarray(1), 'x.safetensors');
  expect([...read.arrays.values()]).toEqual(arrays);
  expect(read.metadata).toEqual({ epoch: '3' });
});

test('a cut or altered file is ARTIFACT_CORRUPT and names the file', () => {
  const bytes = writeSafetensors(arrays);
  for (const broken of [bytes.subarray(0, 4), bytes.subarray(0, 30), bytes.subarray(0, bytes.length - 1)]) {
    expect(() => readSafetensors(broken, 'w.safetensors')).toThrow(
      expect.objectContaining({
        code: 'ARTIFACT_CORRUPT',
        message: expect.stringContaining('w.safetensors'),
      }),
    );
  }
  const wrong = new TextEncoder().encode('{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}');
  const file = new Uint8Array(8 + wrong.length + 8);
  new DataView(file.buffer).setBigUint64(0, BigInt(wrong.length), true);
  file.set(wrong, 8);
  expect(() => readSafetensors(file, 'w')).toThrow('dtype F64');
});
