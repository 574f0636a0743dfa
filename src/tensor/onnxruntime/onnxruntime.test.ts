import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../../random.ts';
import type { Program } from '../engine.ts';
import { matMul, mul, sum } from '../ops.ts';
import { detectBlock } from './block.ts';
import { openOnnxruntime } from './engine.ts';
import { OnnxruntimeState } from './state.ts';

const PRODUCT: Program = {
  name: 'product',
  inputs: { x: [2, 3] },
  state: { weights: [3, 4] },
  run: ({ x }, { weights }) => ({ outputs: { y: matMul(x!, weights!) } }),
};

const x = fillNormal(randomKey(1, 'x'), new Float32Array(6));
const weights = fillNormal(randomKey(1, 'weights'), new Float32Array(12));

function expected(w: Float32Array): number[] {
  return Array.from({ length: 8 }, (_, at) => {
    const [row, column] = [Math.floor(at / 4), at % 4];
    return [0, 1, 2].reduce((total, k) => total + x[row * 3 + k]! * w[k * 4 + column]!, 0);
  });
}

function expectNear(found: Float32Array, wanted: readonly number[]): void {
  expect(found.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 5);
  });
}

test('a program sees what is written to its state; a frozen one keeps the weights it was compiled with', async () => {
  const engine = openOnnxruntime({ threads: 1 });
  const state = engine.createState(PRODUCT.state, { weights });
  const live = await engine.compile(PRODUCT, state);
  const frozen = await engine.compile({ ...PRODUCT, frozen: true }, state);
  expectNear((await live.run({ x })).y!, expected(weights));
  expectNear((await frozen.run({ x })).y!, expected(weights));
  const other = weights.map((value) => value + 1);
  state.write({ weights: other });
  expectNear((await live.run({ x })).y!, expected(other));
  expectNear((await frozen.run({ x })).y!, expected(weights));
  await live.dispose();
  await frozen.dispose();
  state.dispose();
});

test('new state that the graph computes is there for the next run', async () => {
  const engine = openOnnxruntime({ threads: 1 });
  const doubling: Program = {
    name: 'doubling',
    inputs: {},
    state: { a: [3] },
    run: (_, { a }) => ({ outputs: { before: sum(a!) }, state: { a: mul(a!, 2) } }),
  };
  const state = engine.createState(doubling.state, { a: Float32Array.of(1, 2, 3) });
  const executable = await engine.compile(doubling, state);
  for (const sumBefore of [6, 12, 24]) expect((await executable.run({})).before![0]).toBe(sumBefore);
  expect([...state.read().a!]).toEqual([8, 16, 24]);
  await executable.dispose();
});

test('outputs of a run stay as they were when the next run is done', async () => {
  const engine = openOnnxruntime({ threads: 1 });
  const state = engine.createState(PRODUCT.state, { weights });
  const executable = await engine.compile(PRODUCT, state);
  const first = await executable.submit({ x });
  const second = await executable.submit({ x: x.map((value) => -value) });
  expectNear((await first.read()).y!, expected(weights));
  expectNear(
    (await second.read()).y!,
    expected(weights).map((value) => -value),
  );
});

test('an input of the wrong size is refused by name, and the state is as before', async () => {
  const engine = openOnnxruntime({ threads: 1 });
  const state = engine.createState(PRODUCT.state, { weights });
  const executable = await engine.compile(PRODUCT, state);
  await expect(executable.run({ x: new Float32Array(5) })).rejects.toThrow('input x has 5 values, not [2,3]');
  await expect(executable.run({})).rejects.toThrow('input x has no values, not [2,3]');
  expect(state.read().weights).toEqual(weights);
});

test('state of another size, and too much of it, is refused', () => {
  const state = new OnnxruntimeState({ a: [3] }, {});
  expect(() => state.write({ a: new Float32Array(2) })).toThrow('state a takes 3 values, got 2');
  expect(() => state.read(['b'])).toThrow('the state has no tensor b; it has a');
  expect(() => new OnnxruntimeState({ a: [2 ** 30] }, {})).toThrow('allowed: at most 4294901760');
});

test("the runtime's block divides what networks have, or there is none", async () => {
  expect([1, 4, 8, 16]).toContain(await detectBlock());
});
