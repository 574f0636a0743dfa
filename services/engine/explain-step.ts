/** Training steps as the compiler makes them, for `vigil doctor --explain-step`. Runs in the engine process. */
import { layoutOf, NETWORKS, weightsKey } from '../../src/models/networks.ts';
import { initialWeights } from '../../src/models/parameters.ts';
import { discriminateProgram, logitsProgram, sampleProgram } from '../../src/models/programs.ts';
import { checkSpec, type ModelSpec } from '../../src/models/spec.ts';
import { fillNormal, randomKey } from '../../src/random.ts';
import { BLOCK } from '../../src/synthesis/blocks.ts';
import { type Arrays, type Program, sizeOf } from '../../src/tensor/engine.ts';
import { openOnnxruntime } from '../../src/tensor/onnxruntime/engine.ts';
import { explainProgram } from '../../src/tensor/onnxruntime/explain.ts';
import { productRate } from '../../src/tensor/onnxruntime/product-rate.ts';
import type { CompileReport, ProgramReport } from '../../src/tensor/report.ts';
import { classifierStep } from '../../src/training/steps/classifier-step.ts';
import { discriminatorStep } from '../../src/training/steps/discriminator-step.ts';
import { generatorStep } from '../../src/training/steps/generator-step.ts';
import type { StepSettings } from '../../src/training/steps/step-settings.ts';
import { BUCKETS } from './buckets.ts';
import type { ExplainRequest, Explanation, StepName } from './protocol.ts';

const STEPS: Readonly<Record<StepName, (settings: StepSettings) => Program>> = {
  discriminator: discriminatorStep,
  generator: generatorStep,
  classifier: classifierStep,
};

/** Errors: DATASET_UNSUITABLE for sizes that no network is built for. */
export async function explainSteps(request: ExplainRequest): Promise<Explanation> {
  const { steps, batchSize, threads, runs, convolution } = request;
  const spec = checkSpec(request.spec);
  // The options of a training by default; C on real rows alone.
  const settings: StepSettings = {
    spec,
    batchSize,
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
  const compile = convolution ? { convolution } : {};
  const reports: ProgramReport[] = [];
  for (const step of steps) {
    const program = STEPS[step](settings);
    reports.push(
      await explainProgram(program, weightsOf(spec, program), inputsOf(program), { threads, runs, compile }),
    );
  }
  // Other processes may have had the cores during one of the measurements.
  const rates = [await productRate(threads), await productRate(threads)];
  return {
    productRate: Math.max(...rates),
    steps: reports,
    serving: await compileServing(spec, threads),
  };
}

/** Weights as a training begins with; Adam's moments begin at 0 by themselves. */
function weightsOf(spec: ModelSpec, { state }: Program): Arrays {
  const used = NETWORKS.filter((network) => weightsKey(network) in state);
  return Object.fromEntries(
    used.map((network) => [weightsKey(network), initialWeights(layoutOf(network, spec), 1, network)]),
  );
}

/** Plausible values: how long a step takes does not depend on them. */
function inputsOf(program: Program): Arrays {
  const values = Object.entries(program.inputs).map(([name, shape]): [string, Float32Array] => {
    const array = new Float32Array(sizeOf(shape));
    if (name === 'rate') return [name, array.fill(1e-4)];
    if (name === 'real' || name === 'noise') return [name, fillNormal(randomKey(1, name), array)];
    if (name !== 'labels') return [name, array.fill(1)];
    const [rows, classes] = shape as [number, number];
    for (let row = 0; row < rows; row++) array[row * classes + (row % classes)] = 1;
    return [name, array];
  });
  return Object.fromEntries(values);
}

async function compileServing(spec: ModelSpec, threads: number): Promise<CompileReport[]> {
  const reports: CompileReport[] = [];
  const engine = openOnnxruntime({ threads, onCompiled: (report) => reports.push(report) });
  const limits = { low: Array(spec.channels).fill(-1), high: Array(spec.channels).fill(1) };
  const programs = [
    ...BUCKETS.map((rows) => logitsProgram(spec, limits, rows)),
    sampleProgram(spec, limits, BLOCK, 'original'),
    discriminateProgram(spec, limits, BLOCK, 'original'),
  ];
  for (const served of programs) {
    const program = { ...served, frozen: true };
    const state = engine.createState(program.state, {});
    await (await engine.compile(program, state)).dispose();
    state.dispose();
  }
  await engine.dispose();
  return reports;
}
