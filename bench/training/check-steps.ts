/** Every step once, dropout off, from given weights on given inputs: our side of the check of all contenders. */
import { readFile, writeFile } from 'node:fs/promises';
import { type NamedArray, readSafetensors, writeSafetensors } from '../../src/data/safetensors.ts';
import { layoutOf, NETWORKS, type NetworkName } from '../../src/models/networks.ts';
import { flatten, initialWeights, nameArrays } from '../../src/models/parameters.ts';
import { fillNormal, fillUniform, randomKey } from '../../src/random.ts';
import {
  type Arrays,
  type Engine,
  type Program,
  sizeOf,
  type Shape as TensorShape,
} from '../../src/tensor/engine.ts';
import { ADVERSARIAL_ADAM, CLASSIFIER_ADAM, correctedRate } from '../../src/training/adam.ts';
import { classifierStep } from '../../src/training/steps/classifier-step.ts';
import { discriminatorStep } from '../../src/training/steps/discriminator-step.ts';
import { generatorStep } from '../../src/training/steps/generator-step.ts';
import { stateKeys } from '../../src/training/steps/network-state.ts';
import type { StepSettings } from '../../src/training/steps/step-settings.ts';
import type { Shape } from '../contenders/protocol.ts';
import { initialState, optionsOf, stepSettings } from './engine-works.ts';
import { specOfShape } from './shapes.ts';

const SEED = 7;
const RATE = 1e-4;

const STEPS: Readonly<Record<NetworkName, (settings: StepSettings) => Program>> = {
  generator: generatorStep,
  discriminator: discriminatorStep,
  classifier: classifierStep,
};

const adamOf = (network: NetworkName): typeof CLASSIFIER_ADAM =>
  network === 'classifier' ? CLASSIFIER_ADAM : ADVERSARIAL_ADAM;

function inputOf(network: NetworkName, name: string, shape: TensorShape): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  const key = randomKey(SEED, `${network}/${name}`);
  if (name === 'rate') return values.fill(correctedRate(adamOf(network), RATE, 1));
  if (name === 'correlationTargets') return values.fill(1);
  // The last row only fills the shape.
  if (name === 'weights') return values.fill(1, 0, values.length - 1);
  if (name === 'noise') return fillNormal(key, values);
  if (name.toLowerCase().includes('labels')) {
    const [rows, classes] = shape as [number, number];
    for (let row = 0; row < rows; row++) values[row * classes + (row % classes)] = 1;
    return values;
  }
  fillUniform(key, values);
  return values.map((value) => 2 * value - 1);
}

const programs = (shape: Shape): [NetworkName, Program][] => {
  const settings = stepSettings(shape, optionsOf(shape), false);
  return NETWORKS.map((network) => [network, STEPS[network](settings)]);
};

/** Initial weights of every network and inputs of every step, by name. */
export async function writeCase(shape: Shape, file: string): Promise<void> {
  const arrays: NamedArray[] = [];
  for (const network of NETWORKS) {
    const layout = layoutOf(network, specOfShape(shape));
    for (const array of nameArrays(layout, initialWeights(layout, SEED, network)))
      arrays.push({ ...array, name: `${network}/weights/${array.name}` });
  }
  for (const [network, program] of programs(shape)) {
    for (const [name, inputShape] of Object.entries(program.inputs)) {
      const values = inputOf(network, name, inputShape);
      arrays.push({ name: `${network}-step/${name}`, shape: inputShape, values });
    }
  }
  await writeFile(file, writeSafetensors(arrays));
}

/** Runs the steps from the case and writes losses, gradients and changes of weights. */
export async function checkSteps(
  engine: Engine,
  shape: Shape,
  source: string,
  target: string,
): Promise<void> {
  const { arrays } = readSafetensors(await readFile(source), source);
  const begin = (prefix: string): Map<string, Float32Array> =>
    new Map(
      [...arrays].flatMap(([name, { values }]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), values] as const] : [],
      ),
    );
  const spec = specOfShape(shape);
  const flat = (network: NetworkName): Float32Array =>
    flatten(layoutOf(network, spec), begin(`${network}/weights/`));
  const results: NamedArray[] = [];
  for (const [network, program] of programs(shape)) {
    const state = initialState(engine, shape);
    state.write(Object.fromEntries(NETWORKS.map((name) => [stateKeys(name).weights, flat(name)])));
    const executable = await engine.compile(program, state);
    const losses = await executable.run(Object.fromEntries(begin(`${network}-step/`)) as Arrays);
    for (const [term, values] of Object.entries(losses))
      results.push({ name: `${network}-step/loss/${term}`, shape: [1], values });
    const { weights, moment1 } = stateKeys(network);
    const after = state.read([weights, moment1]);
    const before = flat(network);
    const { beta1 } = adamOf(network);
    const found = {
      // Of a first update, the first moment is the gradient, scaled.
      gradient: after[moment1]!.map((value) => value / (1 - beta1)),
      change: after[weights]!.map((value, i) => value - before[i]!),
    };
    for (const [kind, values] of Object.entries(found))
      for (const array of nameArrays(layoutOf(network, spec), values))
        results.push({ ...array, name: `${network}-step/${kind}/${array.name}` });
    await executable.dispose();
    state.dispose();
  }
  await writeFile(target, writeSafetensors(results));
}
