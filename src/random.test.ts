import { expect, test } from 'vitest';
import {
  fillDropoutMask,
  fillNormal,
  fillUniform,
  integerAt,
  permutation,
  randomKey,
  threefry2x32,
  wordAt,
} from './random.ts';

test('Threefry-2x32-20 gives the known answers of Random123', () => {
  const out = new Uint32Array(2);
  threefry2x32(0, 0, 0, 0, out);
  expect([...out]).toEqual([0x6b200159, 0x99ba4efe]);
  threefry2x32(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, out);
  expect([...out]).toEqual([0x1cb996fc, 0xbb002be7]);
  threefry2x32(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, out);
  expect([...out]).toEqual([0xc4923a9c, 0x483df7a0]);
});

test('a stretch drawn at an offset equals the same stretch of a longer draw', () => {
  const key = randomKey(7, 'noise', 3);
  for (const fill of [fillUniform, fillNormal]) {
    const whole = fill(key, new Float32Array(101));
    expect(fill(key, new Float32Array(50), 51)).toEqual(whole.subarray(51));
  }
});

test('streams differ by seed, purpose and path, and seed 0 is a seed like any other', () => {
  const firsts = [
    randomKey(0, 'a'),
    randomKey(1, 'a'),
    randomKey(0, 'b'),
    randomKey(0, 'a', 0),
    randomKey(0, 'a', 0, 0),
    randomKey(2 ** 40, 'a'),
  ];
  expect(new Set(firsts.map((key) => wordAt(key, 0))).size).toBe(firsts.length);
});

test('normals have mean 0 and variance 1, masks have mean 1 and the asked rate', () => {
  const n = 100_000;
  const normals = fillNormal(randomKey(1, 'n'), new Float32Array(n));
  const mean = normals.reduce((a, b) => a + b, 0) / n;
  const variance = normals.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
  // Five standard errors of the mean (1/sqrt n) and of the variance (sqrt(2/n)).
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(n));
  expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  const mask = fillDropoutMask(randomKey(1, 'm'), new Float32Array(n + 5), 0.3);
  const dropped = mask.filter((value) => value === 0).length / mask.length;
  expect(Math.abs(dropped - 77 / 256)).toBeLessThan(5 * Math.sqrt(0.21 / n));
  expect(mask.reduce((a, b) => a + b, 0) / mask.length).toBeCloseTo(1, 1.5);
});

test('a permutation holds every index once, and integers stay in bounds', () => {
  const order = permutation(randomKey(5, 'order'), 1000);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(order[0] === 0 && order[1] === 1 && order[2] === 2).toBe(false);
  for (let i = 0; i < 1000; i++) expect(integerAt(randomKey(5, 'i'), i, 3)).toBeLessThan(3);
});

test('a seed outside [0, 2^53) is refused', () => {
  expect(() => randomKey(-1, 'a')).toThrow(RangeError);
  expect(() => randomKey(2 ** 53, 'a')).toThrow(RangeError);
});
