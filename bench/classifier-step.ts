/**
 * C's training step at 18 x 100, batch 16, beside its floor in the same run: the matrix products of the same step
 * (forward, gradient of the weights, gradient of the input, for each convolution) and nothing else.
 */
import { layoutOf } from '../src/models/networks.ts';
import { initialWeights } from '../src/models/parameters.ts';
import type { Engine, Executable, Program } from '../src/tensor/engine.ts';
import { sizeOf } from '../src/tensor/engine.ts';
import { openOnnxruntime } from '../src/tensor/onnxruntime/engine.ts';
import { matMul, sum } from '../src/tensor/ops.ts';
import { classifierStep } from '../src/training/steps/classifier-step.ts';
import { stateKeys, trainedShapes } from '../src/training/steps/network-state.ts';
import { machine, measure } from './measure.ts';

const BATCH = 16;
const SPEC = {
  channels: 18,
  steps: 100,
  classes: 3,
  latentSize: 100,
  kernelHeight: 'paper',
  generatorArchitecture: 'paper',
} as const;
/** Output positions, kernel elements and output channels of the three convolutions. */
const PRODUCTS = [
  { positions: BATCH * 18 * 50, kernel: 3 * 7, outputs: 32, input: false },
  { positions: BATCH * 9 * 25, kernel: 3 * 5 * 32, outputs: 64, input: true },
  { positions: BATCH * 5 * 13, kernel: 3 * 3 * 64, outputs: 128, input: true },
] as const;
const STEPS = 2000;
const MIB = 2 ** 20;

/** The products alone. Their operands are state, so that nothing is copied in; one sum each keeps them alive. */
function floorProgram(): Program {
  const state = Object.fromEntries(
    PRODUCTS.flatMap(({ positions, kernel, outputs }, at) => [
      [`columns${at}`, [positions, kernel]],
      [`kernel${at}`, [kernel, outputs]],
      [`gradient${at}`, [positions, outputs]],
    ]),
  );
  return {
    name: 'matrix-products',
    inputs: {},
    state,
    run: (_, tensors) => {
      const outputs = PRODUCTS.flatMap(({ input }, at) => {
        const columns = tensors[`columns${at}`]!;
        const kernel = tensors[`kernel${at}`]!;
        const gradient = tensors[`gradient${at}`]!;
        return [
          [`forward${at}`, sum(matMul(columns, kernel))],
          [`weights${at}`, sum(matMul(columns, gradient, true, false))],
          ...(input ? [[`input${at}`, sum(matMul(gradient, kernel, false, true))]] : []),
        ];
      });
      return { outputs: Object.fromEntries(outputs) };
    },
  };
}

const filled = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i));

async function openFloor(engine: Engine): Promise<Executable> {
  const program = floorProgram();
  const initial = Object.fromEntries(
    Object.entries(program.state).map(([name, shape]) => [name, filled(sizeOf(shape))]),
  );
  return engine.compile(program, engine.createState(program.state, initial));
}

async function openStep(engine: Engine): Promise<() => Promise<unknown>> {
  const program = classifierStep({
    spec: SPEC,
    batchSize: BATCH,
    syntheticRows: 0,
    reduction: 'sum',
    weights: { adversarial: 1, classification: 1, correlation: 1, joint: 10 },
    realTarget: 0.9,
    auxOnFake: false,
    labelSmoothing: 0,
    dropout: true,
  });
  const weights = initialWeights(layoutOf('classifier', SPEC), 1, 'classifier');
  const state = engine.createState(trainedShapes('classifier', SPEC), {
    [stateKeys('classifier').weights]: weights,
  });
  const executable = await engine.compile(program, state);
  const labels = new Float32Array(BATCH * SPEC.classes);
  for (let row = 0; row < BATCH; row++) labels[row * SPEC.classes + (row % SPEC.classes)] = 1;
  const feeds = {
    real: filled(BATCH * SPEC.channels * SPEC.steps),
    labels,
    weights: new Float32Array(BATCH).fill(1),
    rate: Float32Array.of(1e-4),
    mask: new Float32Array(BATCH * 128).fill(1),
  };
  return () => executable.run(feeds);
}

/** Resident memory after warm-up and after 2,000 steps more. */
async function measureMemory(
  step: () => Promise<unknown>,
): Promise<{ before: number; after: number; growth: number }> {
  const resident = (): number => {
    globalThis.gc?.();
    return process.memoryUsage().rss / MIB;
  };
  for (let i = 0; i < 200; i++) await step();
  const before = resident();
  for (let i = 0; i < STEPS; i++) await step();
  const after = resident();
  return { before, after, growth: after - before };
}

export async function benchClassifierStep(): Promise<object> {
  const engine = openOnnxruntime({ threads: 1 });
  const step = await openStep(engine);
  const floor = await openFloor(engine);
  const timings = await measure([
    { name: 'classifier step', run: step },
    { name: 'its matrix products', run: () => floor.run({}) },
  ]);
  const [ours, least] = timings as [(typeof timings)[number], (typeof timings)[number]];
  return {
    shape: `${SPEC.channels} x ${SPEC.steps}, batch ${BATCH}, 1 thread`,
    engine: engine.version,
    machine: machine(),
    milliseconds: timings,
    ratio: ours.median / least.median,
    memory: { steps: STEPS, mebibytes: await measureMemory(step) },
  };
}
