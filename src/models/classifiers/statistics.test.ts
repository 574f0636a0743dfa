import { expect, test } from 'vitest';
import { openReference } from '../../tensor/reference/engine.ts';
import { classifierLayout } from '../classifier.ts';
import { weightsKey } from '../networks.ts';
import { flatten } from '../parameters.ts';
import { featuresProgram } from '../programs.ts';
import type { ModelSpec } from '../spec.ts';

const SPEC: ModelSpec = {
  ...{ channels: 1, steps: 4, classes: 2, latentSize: 8 },
  ...{ kernelHeight: 'paper', generatorArchitecture: 'paper', classifierArchitecture: 'statistics' },
};
const STATISTICS = 15;
const WIDTH = 64;

test('the statistics of a channel, each counted by hand', async () => {
  const identity = new Float32Array(STATISTICS * WIDTH);
  for (let i = 0; i < STATISTICS; i++) identity[i * WIDTH + i] = 1;
  const weights = new Map([
    ['hidden/kernel', identity],
    ['hidden/bias', new Float32Array(WIDTH)],
    ['dense/kernel', new Float32Array(WIDTH * 2)],
    ['dense/bias', new Float32Array(2)],
  ]);
  const program = featuresProgram(SPEC, { low: [-1], high: [1] }, 1);
  const engine = await openReference();
  const state = engine.createState(program.state, {
    [weightsKey('classifier')]: flatten(classifierLayout(SPEC), weights),
  });
  const executable = await engine.compile(program, state);
  const { features } = await executable.run({ samples: Float32Array.of(0.5, -0.5, 0.5, 0.1) });
  await executable.dispose();
  state.dispose();
  await engine.dispose();

  const x = [0.5, -0.5, 0.5, 0.1];
  const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const histogram = [-0.8, -0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8].map((cut) =>
    meanOf(x.map((value) => Math.tanh(8 * (value - cut)))),
  );
  const wanted = [
    0.15,
    // The mean square is (0.25 + 0.25 + 0.25 + 0.01) / 4 = 0.19.
    Math.sqrt(0.19 - 0.15 ** 2 + 1e-4),
    0.5,
    -0.5,
    ...histogram,
    // Differences of -1, 1 and -0.4.
    Math.sqrt((1 + 1 + 0.16) / 3 + 1e-4),
    (2 * Math.sqrt(1 + 1e-4) + Math.sqrt(0.16 + 1e-4)) / 3,
  ];
  // The layer's LeakyReLU; float32 with some cancellation near the mean.
  wanted.forEach((value, i) => {
    expect(features![i], `statistic ${i}`).toBeCloseTo(value < 0 ? 0.2 * value : value, 5);
  });
  expect(features!.subarray(STATISTICS).every((value) => value === 0)).toBe(true);
});
