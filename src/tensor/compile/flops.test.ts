import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import type { ClassifierArchitecture, ModelSpec } from '../../models/spec.ts';
import { classifierStep } from '../../training/steps/classifier-step.ts';
import { discriminatorStep } from '../../training/steps/discriminator-step.ts';
import { generatorStep } from '../../training/steps/generator-step.ts';
import type { StepSettings } from '../../training/steps/step-settings.ts';
import type { Program, Shapes } from '../engine.ts';
import { valueAndGradients } from '../gradients.ts';
import { DEFAULT_OPTIONS, passesFor } from './compile.ts';
import { flopsOf } from './flops.ts';
import { trace } from './trace.ts';

const flops = (program: Program): number =>
  flopsOf(passesFor(DEFAULT_OPTIONS).reduce((graph, pass) => pass.run(graph), trace(program)));

/** The sum of `body`'s value and its gradients by both inputs. */
function twoInputs(inputs: Shapes, body: (x: tf.Tensor, w: tf.Tensor) => tf.Tensor): Program {
  return {
    name: 'two-inputs',
    inputs,
    state: {},
    run: ({ x, w }) => {
      const { loss, gradients } = valueAndGradients([x!, w!], ([a, b]) => ({
        loss: tf.sum(tf.square(body(a!, b!))),
        aux: {},
      }));
      return { outputs: { loss, dx: gradients[0]!, dw: gradients[1]! } };
    },
  };
}

test('a product [2, 3] x [3, 5] takes 2 * 2 * 3 * 5 operations, and as many for each gradient', () => {
  const program = twoInputs({ x: [2, 3], w: [3, 5] }, (x, w) => tf.matMul(x, w));
  expect(flops(program)).toBe(3 * 60);
  const turned = twoInputs({ x: [3, 2], w: [5, 3] }, (x, w) => tf.matMul(x, w, true, true));
  expect(flops(turned)).toBe(3 * 60);
});

test('a strided convolution takes two operations per output and tap, and as many for each gradient', () => {
  const program = twoInputs({ x: [2, 5, 7, 3], w: [3, 2, 3, 4] }, (x, w) =>
    tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, [2, 3], 'same'),
  );
  // Outputs: 2 samples, ceil(5 / 2) x ceil(7 / 3) positions, 4 channels; 3 x 2 taps of 3 channels.
  expect(flops(program)).toBe(3 * 2 * (2 * 3 * 3 * 4) * (3 * 2 * 3));
});

const spec: ModelSpec = {
  channels: 18,
  steps: 100,
  classes: 3,
  latentSize: 100,
  kernelHeight: 'paper',
  generatorArchitecture: 'paper',
  classifierArchitecture: 'paper',
};
const settings: StepSettings = {
  spec,
  batchSize: 16,
  syntheticRows: 0,
  extraRows: 'generated',
  syntheticWeights: 'none',
  classifierLoss: { kind: 'cross_entropy' },
  reduction: 'sum',
  weights: { adversarial: 1, classification: 1, correlation: 1, joint: 10 },
  diversityWeight: 0,
  realTarget: 0.9,
  auxOnFake: false,
  labelSmoothing: 0,
  dropout: true,
};

// Output positions x kernel elements x outputs of every layer at 18 x 100, by hand.
const C = [18 * 50 * 21 * 32, 9 * 25 * 15 * 32 * 64, 5 * 13 * 9 * 64 * 128, 128 * 3];
const D = [18 * 50 * 15 * 32, 9 * 25 * 15 * 32 * 64, 5 * 13 * 15 * 64 * 128, 8320, 8320 * 3];
const G = [3 * 300, 50 * 5 * 4 * 32, 25 * 5 * 32 * 64, 25 * 5 * 64 * 32, 800 * 1800];
const total = (layers: readonly number[]): number => 2 * layers.reduce((sum, layer) => sum + layer, 0);
/** Forward, weights, inputs; no gradient of the first layer's input. */
const trained = ([first, ...rest]: readonly number[]): number => 2 * total([first!]) + 3 * total(rest);

test('a step of each other form of C takes what its layers take, counted by hand', () => {
  const stepOf = (classifierArchitecture: ClassifierArchitecture): Program =>
    classifierStep({ ...settings, spec: { ...spec, classifierArchitecture } });
  const stem = 100 * 18 * 7 * 32;
  const blocks = [50 * (5 * 32 * 64 + 5 * 64 * 64 + 32 * 64), 25 * (3 * 64 * 128 + 3 * 128 * 128 + 64 * 128)];
  expect(flops(stepOf('residual'))).toBe(16 * trained([stem, ...blocks, 128 * 3]));
  // 15 statistics of each channel.
  expect(flops(stepOf('statistics'))).toBe(16 * trained([18 * 15 * 64, 64 * 3]));
});

test("the paper's steps take what their layers take, counted by hand", () => {
  expect(flops(classifierStep(settings))).toBe(16 * trained(C));
  expect(flops(discriminatorStep(settings))).toBe(16 * total(G) + 32 * trained(D));
  // G is trained through fixed D and C: no gradients of their weights, but of their inputs.
  expect(flops(generatorStep(settings))).toBe(16 * (trained(G) + 2 * total(D) + 2 * total(C)));
});
