import { afterAll, beforeAll, expect, test } from 'vitest';
import { layoutOf, NETWORKS } from '../../models/networks.ts';
import { initialWeights, layoutSize } from '../../models/parameters.ts';
import type { ModelSpec } from '../../models/spec.ts';
import { fillNormal, randomKey } from '../../random.ts';
import {
  type Arrays,
  type Engine,
  type EngineState,
  type Layouts,
  type Program,
  sizeOf,
} from '../../tensor/engine.ts';
import { openOnnxruntime } from '../../tensor/onnxruntime/engine.ts';
import { openReference } from '../../tensor/reference/engine.ts';
import { DropoutMask } from '../../wasm/dropout-mask.ts';
import { classifierStep } from './classifier-step.ts';
import { discriminatorStep } from './discriminator-step.ts';
import { generatorStep } from './generator-step.ts';
import { trainedShapes } from './network-state.ts';
import type { StepSettings } from './step-settings.ts';

const PAPER: ModelSpec = {
  channels: 18,
  steps: 100,
  classes: 3,
  latentSize: 100,
  kernelHeight: 'paper',
  generatorArchitecture: 'paper',
};

function settingsFor(spec: ModelSpec): StepSettings {
  return {
    spec,
    batchSize: 4,
    syntheticRows: 2,
    reduction: 'sum',
    weights: { adversarial: 1, classification: 1, correlation: 1, joint: 10 },
    realTarget: 0.9,
    auxOnFake: false,
    labelSmoothing: 0.1,
    dropout: true,
  };
}

test('the networks have the shapes and sizes of the method at 18 x 100', () => {
  const sizes = NETWORKS.map((network) => layoutSize(layoutOf(network, PAPER)));
  // Counted by hand, layer by layer: about 1.5 M, 190 k and 106 k.
  expect(sizes).toEqual([1_463_948, 187_588, 105_731]);
  const dense = layoutOf('generator', PAPER).find(({ name }) => name === 'dense/kernel');
  expect(dense?.shape).toEqual([800, 1800]);
});

let engines: Engine[];
beforeAll(async () => {
  engines = [await openReference(), openOnnxruntime({ threads: 1 })];
});
afterAll(async () => {
  for (const engine of engines) await engine.dispose();
});

function stateOf(engine: Engine, spec: ModelSpec): EngineState {
  const shapes = Object.assign({}, ...NETWORKS.map((network) => trainedShapes(network, spec)));
  const weights = NETWORKS.map((network) => [
    `${network}/weights`,
    initialWeights(layoutOf(network, spec), 3, network),
  ]);
  return engine.createState(shapes, Object.fromEntries(weights));
}

function feed(program: Program, seed: number, layouts: Layouts): Arrays {
  return Object.fromEntries(
    Object.entries(program.inputs).map(([name, shape]) => {
      const key = randomKey(seed, name);
      const data = new Float32Array(sizeOf(shape));
      if (name === 'rate') return [name, data.fill(1e-4)];
      if (name === 'weights' || name === 'correlationTargets') return [name, data.fill(1)];
      if (name.startsWith('mask')) return [name, new DropoutMask(shape, layouts[name]).fill(key, 0.3)];
      if (name.toLowerCase().includes('labels')) {
        for (let row = 0; row < shape[0]!; row++) data[row * shape[1]! + (row % shape[1]!)] = 1;
        return [name, data];
      }
      return [name, fillNormal(key, data)];
    }),
  );
}

for (const architecture of ['paper', 'dcgan'] as const) {
  test(`five iterations agree on both engines, losses and weights (${architecture}, odd sizes)`, async () => {
    const spec = { ...PAPER, channels: 3, steps: 9, latentSize: 8, generatorArchitecture: architecture };
    const settings = settingsFor(spec);
    const programs = [discriminatorStep(settings), generatorStep(settings), classifierStep(settings)];
    const results = [];
    for (const engine of engines) {
      const state = stateOf(engine, spec);
      const losses: number[] = [];
      for (const program of programs) {
        const executable = await engine.compile(program, state);
        for (let step = 0; step < 5; step++) {
          const outputs = await executable.run(feed(program, step, executable.layouts));
          losses.push(
            ...Object.keys(outputs)
              .sort()
              .map((name) => outputs[name]![0]!),
          );
        }
        await executable.dispose();
      }
      results.push({ losses, state: state.read() });
      state.dispose();
    }
    const [wanted, found] = results as [(typeof results)[0], (typeof results)[0]];
    expect(found.losses.length).toBe(5 * (2 + 5 + 1));
    // Float32 in another order of summation, through five updates of Adam at the paper's rate of 1e-4. Adam divides
    // by the root of the second moment, so a weight whose gradient is near 0 may differ by a few whole updates.
    found.losses.forEach((loss, i) => {
      expect(Math.abs(loss - wanted.losses[i]!) / Math.max(1, Math.abs(wanted.losses[i]!))).toBeLessThan(
        1e-4,
      );
    });
    for (const [name, values] of Object.entries(wanted.state)) {
      const scale = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
      const worst = values.reduce(
        (max, value, i) => Math.max(max, Math.abs(value - found.state[name]![i]!)),
        0,
      );
      if (name.endsWith('/weights')) expect(worst, name).toBeLessThan(5 * 1e-4);
      else expect(worst / scale, name).toBeLessThan(1e-3);
      const mean = values.reduce((total, value, i) => total + Math.abs(value - found.state[name]![i]!), 0);
      expect(mean / values.length / scale, name).toBeLessThan(1e-4);
    }
  });
}
