import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import type { Program } from '../engine.ts';
import { DEFAULT_OPTIONS } from './compile.ts';
import { graphKey } from './graph-key.ts';
import { trace } from './trace.ts';

interface Variant {
  readonly rows?: number;
  readonly factor?: number;
  readonly alpha?: number;
  readonly output?: string;
  readonly options?: Partial<typeof DEFAULT_OPTIONS>;
  readonly arrangeable?: readonly string[];
}

function keyOf({
  rows = 2,
  factor = 3,
  alpha = 0.2,
  output = 'y',
  options,
  arrangeable = [],
}: Variant): string {
  const program: Program = {
    name: 'keyed',
    inputs: { x: [rows, 4] },
    state: {},
    run: ({ x }) => ({ outputs: { [output]: tf.leakyRelu(tf.mul(x!, factor), alpha) } }),
  };
  return graphKey(trace(program), { ...DEFAULT_OPTIONS, ...options }, arrangeable);
}

test('the same program has the same key every time it is traced', () => {
  expect(keyOf({})).toMatch(/^[0-9a-f]{64}$/);
  expect(keyOf({})).toBe(keyOf({}));
});

test('whatever decides the lowered graph changes the key: shape, constant, attribute, port, options, layout', () => {
  const variants: Variant[] = [
    {},
    { rows: 3 },
    { factor: 4 },
    { factor: 0 },
    { factor: -0 },
    { factor: Number.POSITIVE_INFINITY },
    { alpha: 0.3 },
    { alpha: 0 },
    { alpha: -0 },
    { alpha: Number.NaN },
    { output: 'z' },
    { options: { convolution: 'naive' } },
    { options: { adam: 'graph' } },
    { arrangeable: ['x'] },
  ];
  expect(new Set(variants.map(keyOf)).size).toBe(variants.length);
});

test('an attribute that is not plain data is refused instead of left out', () => {
  const graph = trace({
    name: 'plain',
    inputs: { x: [2] },
    state: {},
    run: ({ x }) => ({ outputs: { x: x! } }),
  });
  const node = { kernel: 'Odd', inputs: [0], outputs: [0], attributes: { secret: () => 1 } };
  expect(() => graphKey({ ...graph, nodes: [node] }, DEFAULT_OPTIONS, [])).toThrow(
    new TypeError("a function cannot be part of a graph's key"),
  );
});
