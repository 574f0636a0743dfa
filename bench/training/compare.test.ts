import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import { compareResults, difference } from './compare.ts';

test('differences are relative, in the Euclidean norm', () => {
  const expected = Float32Array.of(3, 4);
  expect(difference(expected, expected)).toBe(0);
  expect(difference(expected, Float32Array.of(3, 9))).toBeCloseTo(1);
  expect(difference(expected, Float32Array.of(Number.NaN, 4))).toBe(Number.POSITIVE_INFINITY);
});

test('a contender that computes something else is named', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'vigil-compare-'));
  const write = async (file: string, value: number): Promise<string> => {
    const arrays = [
      { name: 'generator-step/gradient/dense/bias', shape: [2], values: Float32Array.of(1, value) },
    ];
    await writeFile(join(directory, file), writeSafetensors(arrays));
    return join(directory, file);
  };
  const [ours, same, other] = [await write('a', 2), await write('b', 2.0001), await write('c', 2.1)];
  expect((await compareResults(ours, same)).gradient).toBeCloseTo(1e-4 / Math.sqrt(5));
  await expect(compareResults(ours, other)).rejects.toThrow('generator-step/gradient/dense/bias differs');
});
