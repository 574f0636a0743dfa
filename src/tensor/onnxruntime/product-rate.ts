import type { Program } from '../engine.ts';
import { matMul, sum, type Tensor } from '../ops.ts';
import { openOnnxruntime } from './engine.ts';

/** Large enough for full speed, small enough for the caches' upper levels: 2.4 MB a matrix. */
const SIZE = 768;
const PRODUCTS = 3;
const RUNS = 12;

const PROGRAM: Program = {
  name: 'matrix-products',
  inputs: {},
  state: { a: [SIZE, SIZE], b: [SIZE, SIZE] },
  run: (_, { a, b }) => {
    let product: Tensor = a!;
    for (let i = 0; i < PRODUCTS; i++) product = matMul(product, b!);
    // One number keeps the products alive without being copied out.
    return { outputs: { total: sum(product) } };
  },
};

/** Floating-point operations per second of large float32 matrix products here, at their best. */
export async function productRate(threads: number): Promise<number> {
  const engine = openOnnxruntime({ threads });
  const matrix = Float32Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(i) / SIZE);
  const state = engine.createState(PROGRAM.state, { a: matrix, b: matrix });
  const executable = await engine.compile(PROGRAM, state);
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    const began = performance.now();
    await executable.run({});
    fastestMs = Math.min(fastestMs, performance.now() - began);
  }
  await executable.dispose();
  state.dispose();
  await engine.dispose();
  return (PRODUCTS * 2 * SIZE ** 3) / (fastestMs / 1000);
}
