/** Step programs on fixed state and inputs, for suites that run them on several engines. */
import { layoutOf, NETWORKS } from '../../src/models/networks.ts';
import { initialWeights } from '../../src/models/parameters.ts';
import type { ModelSpec } from '../../src/models/spec.ts';
import { fillNormal, randomKey } from '../../src/random.ts';
import {
  type Arrays,
  type Engine,
  type EngineState,
  type Layouts,
  type Program,
  sizeOf,
} from '../../src/tensor/engine.ts';
import { trainedShapes } from '../../src/training/steps/network-state.ts';
import type { StepSettings } from '../../src/training/steps/step-settings.ts';
import { DropoutMask } from '../../src/wasm/dropout-mask.ts';

/** Small, with odd sizes, so that padding and cropping are not symmetric. */
export const SMALL: ModelSpec = {
  channels: 3,
  steps: 9,
  classes: 3,
  latentSize: 8,
  kernelHeight: 'paper',
  generatorArchitecture: 'paper',
  classifierArchitecture: 'paper',
};

/** The rate that feeds give. */
export const RATE = 1e-4;

export function settingsFor(spec: ModelSpec, changes: Partial<StepSettings> = {}): StepSettings {
  return {
    spec,
    batchSize: 4,
    syntheticRows: 2,
    extraRows: 'generated',
    syntheticWeights: 'none',
    classifierLoss: { kind: 'cross_entropy' },
    reduction: 'sum',
    weights: { adversarial: 1, classification: 1, correlation: 1, joint: 10 },
    diversityWeight: 0,
    realTarget: 0.9,
    auxOnFake: false,
    labelSmoothing: 0.1,
    dropout: true,
    ...changes,
  };
}

/** All three networks from one seed, moments 0. The caller disposes it. */
export function freshState(engine: Engine, spec: ModelSpec): EngineState {
  const shapes = Object.assign({}, ...NETWORKS.map((network) => trainedShapes(network, spec)));
  const weights = NETWORKS.map((network) => [
    `${network}/weights`,
    initialWeights(layoutOf(network, spec), 3, network),
  ]);
  return engine.createState(shapes, Object.fromEntries(weights));
}

/** Inputs that depend on the seed and the inputs' names alone, laid out as the executable's `layouts` say. */
export function feedFor(program: Program, seed: number, layouts: Layouts): Arrays {
  return Object.fromEntries(
    Object.entries(program.inputs).map(([name, shape]) => {
      const key = randomKey(seed, name);
      const data = new Float32Array(sizeOf(shape));
      if (name === 'rate') return [name, data.fill(RATE)];
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
