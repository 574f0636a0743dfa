import { expect, test } from 'vitest';
import { flopsOf } from './flops.ts';
import { PAPER_SHAPE } from './shapes.ts';

// Output positions x kernel elements x outputs of every layer at 18 x 100, by hand.
const C = [18 * 50 * 21 * 32, 9 * 25 * 15 * 32 * 64, 5 * 13 * 9 * 64 * 128, 128 * 3];
const D = [18 * 50 * 15 * 32, 9 * 25 * 15 * 32 * 64, 5 * 13 * 15 * 64 * 128, 8320, 8320 * 3];
const G = [3 * 300, 50 * 5 * 4 * 32, 25 * 5 * 32 * 64, 25 * 5 * 64 * 32, 800 * 1800];
const total = (layers: readonly number[]): number => 2 * layers.reduce((sum, layer) => sum + layer, 0);
const flops = (work: Parameters<typeof flopsOf>[0], rows = 16): number => flopsOf(work, PAPER_SHAPE, rows);

test('a forward pass multiplies and adds once per kernel element and position', () => {
  expect(flops('forward', 1)).toBe(total(C));
  expect(flops('sample', 32)).toBe(32 * total(G));
});

test('training takes three products a layer, two where no gradient of the input is asked for', () => {
  const trained = ([first, ...rest]: readonly number[]): number => 2 * total([first!]) + 3 * total(rest);
  expect(flops('classifier-step')).toBe(16 * trained(C));
  expect(flops('classifier-step') / 1e6).toBeCloseTo(1162.5, 0);
  expect(flops('discriminator-step')).toBe(16 * total(G) + 32 * trained(D));
  // G is trained through fixed D and C: no gradients of their weights, but of their inputs.
  expect(flops('generator-step')).toBe(16 * (trained(G) + 2 * total(D) + 2 * total(C)));
  expect(flops('joint-iteration')).toBe(
    flops('discriminator-step') + flops('generator-step') + 10 * total(G) + 26 * trained(C),
  );
});
