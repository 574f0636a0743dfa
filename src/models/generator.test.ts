import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import type { Engine } from '../tensor/engine.ts';
import { openReference } from '../tensor/reference/engine.ts';
import { generatorLayout } from './generator.ts';
import { weightsKey } from './networks.ts';
import { flatten, initialWeights, layoutSize, nameArrays } from './parameters.ts';
import { sampleProgram } from './programs.ts';
import { GENERATOR_ARCHITECTURES, type GeneratorArchitecture, type ModelSpec } from './spec.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openReference();
});
afterAll(() => engine.dispose());

/** The paper's, the blinks', an odd one, and the smallest. */
const SIZES = [
  [18, 100],
  [4, 30],
  [3, 9],
  [1, 1],
] as const;

const specOf = (
  generatorArchitecture: GeneratorArchitecture,
  channels: number,
  steps: number,
): ModelSpec => ({
  channels,
  steps,
  classes: 3,
  latentSize: 8,
  kernelHeight: 'paper',
  generatorArchitecture,
  classifierArchitecture: 'paper',
});

/** Rows of classes 0, 1, 2, 0, ... from given noise, `[rows, channels, steps]`. */
async function sample(
  spec: ModelSpec,
  noise: Float32Array,
  first = 0,
  weights = initialWeights(generatorLayout(spec), 5, 'generator'),
): Promise<Float32Array> {
  const rows = noise.length / spec.latentSize;
  const limits = { low: Array(spec.channels).fill(-1), high: Array(spec.channels).fill(1) };
  const key = weightsKey('generator');
  const state = engine.createState({ [key]: [weights.length] }, { [key]: weights });
  const labels = new Float32Array(rows * spec.classes);
  for (let row = 0; row < rows; row++) labels[row * spec.classes + ((first + row) % spec.classes)] = 1;
  const executable = await engine.compile(sampleProgram(spec, limits, rows, 'scaled'), state);
  const { samples } = await executable.run({ noise, labels });
  await executable.dispose();
  state.dispose();
  return samples!;
}

describe.each(GENERATOR_ARCHITECTURES)('%s', (architecture) => {
  test.each(SIZES)('at %i x %i a row alone equals the same row in a batch', async (channels, steps) => {
    const spec = specOf(architecture, channels, steps);
    const noise = fillNormal(randomKey(1, 'noise'), new Float32Array(5 * spec.latentSize));
    const together = await sample(spec, noise);
    expect(together.length).toBe(5 * channels * steps);
    expect(together.every((value) => Math.abs(value) <= 1)).toBe(true);
    const alone = await sample(spec, noise.slice(3 * spec.latentSize, 4 * spec.latentSize), 3);
    // To the bit: the reference sums every row in the same order, whatever stands beside it.
    expect(alone).toEqual(together.slice(3 * channels * steps, 4 * channels * steps));
  });

  test('rows depend on their noise and on their class', async () => {
    const spec = specOf(architecture, 4, 30);
    const noise = fillNormal(randomKey(1, 'noise'), new Float32Array(2 * spec.latentSize));
    const one = noise.subarray(0, spec.latentSize);
    const other = noise.slice(spec.latentSize);
    expect(await sample(spec, one)).not.toEqual(await sample(spec, other));
    expect(await sample(spec, one)).not.toEqual(await sample(spec, one, 1));
  });
});

test('the temporal generator has the parameters of its layers at 18 x 100', () => {
  const size = layoutSize(generatorLayout({ ...specOf('temporal', 18, 100), latentSize: 100 }));
  // Dense 103 x 3,200, up 4 x 128 x 64 and 4 x 64 x 32, last 5 x 32 x 18, and their biases.
  expect(size).toBe(103 * 3200 + 3200 + (32_768 + 64) + (8192 + 32) + (2880 + 18));
});

test('channels of the temporal generator have no order: what permutes its last layer permutes its rows', async () => {
  const spec = specOf('temporal', 3, 9);
  const layout = generatorLayout(spec);
  const arrays = new Map(
    nameArrays(layout, initialWeights(layout, 5, 'generator')).map(({ name, values }) => [name, values]),
  );
  const turned = new Map(arrays);
  // [2, 0, 1] in the place of [0, 1, 2].
  const turn = (values: Float32Array): Float32Array =>
    values.map((_, i) => values[i - (i % 3) + ((i + 2) % 3)]!);
  for (const name of ['last/kernel', 'last/bias']) turned.set(name, turn(arrays.get(name)!));
  const noise = fillNormal(randomKey(1, 'noise'), new Float32Array(spec.latentSize));
  const [plain, other] = [
    await sample(spec, noise, 0, flatten(layout, arrays)),
    await sample(spec, noise, 0, flatten(layout, turned)),
  ];
  const channel = (values: Float32Array, c: number): Float32Array => values.slice(9 * c, 9 * (c + 1));
  expect([0, 1, 2].map((c) => channel(other, c))).toEqual([2, 0, 1].map((c) => channel(plain, c)));
});
