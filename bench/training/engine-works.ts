/** What is timed of our engines: the code that trains and serves, on random data. */
import { createDataset } from '../../src/data/create-dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { layoutOf, NETWORKS, weightsKey } from '../../src/models/networks.ts';
import { initialWeights } from '../../src/models/parameters.ts';
import { classifyProgram } from '../../src/models/programs.ts';
import { fillUniform, randomKey } from '../../src/random.ts';
import { Sampler } from '../../src/synthesis/sampler.ts';
import type { Engine, EngineState } from '../../src/tensor/engine.ts';
import { matMul, sum } from '../../src/tensor/ops.ts';
import { StepFeeds } from '../../src/training/feeds.ts';
import { IterationRunner } from '../../src/training/iteration.ts';
import { parseTrainingOptions, type TrainingOptions } from '../../src/training/options.ts';
import type { Phase } from '../../src/training/phase.ts';
import type { PlannedEpoch } from '../../src/training/plan.ts';
import { trainedShapes } from '../../src/training/steps/network-state.ts';
import type { StepSettings } from '../../src/training/steps/step-settings.ts';
import { prepareData } from '../../src/training/training-data.ts';
import type { Shape, Work } from '../contenders/protocol.ts';
import { specOfShape } from './shapes.ts';

const SEED = 1;
const ROWS = 600;
/** Side of the square matrices that measure the machine: large enough for its best rate. */
export const PRODUCT_SIDE = 1024;

export interface EngineWorks {
  /** A function that does the work once. */
  get(work: Work | 'matrix-product', rows: number): Promise<() => Promise<unknown>>;
  close(): Promise<void>;
}

interface OpenedWork {
  run(): Promise<unknown>;
  dispose(): Promise<void>;
}

function randomDataset({ spec: { channels, steps, classes } }: Shape): Dataset {
  const names = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${name}${i}`);
  return createDataset({
    name: 'random',
    channels,
    steps,
    channelNames: names('channel', channels),
    classNames: names('class', classes),
    values: fillUniform(randomKey(SEED, 'values'), new Float32Array(ROWS * channels * steps)),
    labels: Uint8Array.from({ length: ROWS }, (_, row) => row % classes),
    groups: undefined,
    clips: undefined,
    folds: undefined,
  });
}

/** All choices of the paper. */
export function stepSettings(shape: Shape, options: TrainingOptions, dropout: boolean): StepSettings {
  return {
    spec: specOfShape(shape),
    batchSize: shape.batch,
    syntheticRows: shape.capacity,
    extraRows: 'generated',
    syntheticWeights: 'none',
    classifierLoss: { kind: 'cross_entropy' },
    reduction: options.reduction,
    weights: {
      adversarial: 1,
      classification: options.lambdaCls,
      correlation: options.lambdaCorr,
      joint: options.lambdaOpt,
    },
    diversityWeight: 0,
    realTarget: options.realTarget,
    auxOnFake: options.auxOnFake,
    labelSmoothing: options.labelSmoothing,
    dropout,
  };
}

export const optionsOf = ({ batch }: Shape): TrainingOptions =>
  parseTrainingOptions({ batchSize: batch, seed: SEED }, 'joint_scratch');

/** Weights and moments of every network, as a run begins. */
export function initialState(engine: Engine, shape: Shape): EngineState {
  const spec = specOfShape(shape);
  return engine.createState(
    Object.assign({}, ...NETWORKS.map((network) => trainedShapes(network, spec))),
    Object.fromEntries(
      NETWORKS.map((network) => [
        weightsKey(network),
        initialWeights(layoutOf(network, spec), SEED, network),
      ]),
    ),
  );
}

/** The engine without some programs: what is left of an iteration is the other steps and what feeds them. */
const without = (engine: Engine, skipped: string): Engine => ({
  ...engine,
  compile: async (program, state) => {
    const executable = await engine.compile(program, state);
    if (program.name !== skipped) return executable;
    return {
      layouts: executable.layouts,
      heldBytes: executable.heldBytes,
      run: async () => ({}),
      submit: async () => ({ read: async () => ({}) }),
      dispose: () => executable.dispose(),
    };
  },
});

/** Which iterations a work is, and which of their steps it leaves out. */
const ITERATIONS: Readonly<
  Record<Exclude<Work, 'forward' | 'sample'>, Pick<Phase, 'adversarial' | 'classifier'> & { skipped: string }>
> = {
  'classifier-step': { adversarial: false, classifier: 'real', skipped: '' },
  // Inputs of D and of G are made in one call, so these two also pay for some masks of the other.
  'discriminator-step': { adversarial: true, classifier: 'frozen', skipped: 'generator-step' },
  'generator-step': { adversarial: true, classifier: 'frozen', skipped: 'discriminator-step' },
  'joint-iteration': { adversarial: true, classifier: 'augmented', skipped: '' },
};

/** Opens what is needed for a shape; programs are compiled when they are asked for. */
export function openWorks(engine: Engine, shape: Shape): EngineWorks {
  const spec = specOfShape(shape);
  const options = optionsOf(shape);
  const dataset = randomDataset(shape);
  const rows = Uint32Array.from({ length: ROWS }, (_, row) => row);
  const data = prepareData(dataset, { train: rows, validation: rows, test: rows }, options);
  const state = initialState(engine, shape);
  const opened = new Map<string, OpenedWork>();

  const openIterations = (work: keyof typeof ITERATIONS): OpenedWork => {
    const { skipped, ...phase } = ITERATIONS[work];
    const settings = stepSettings(shape, options, true);
    const feeds = new StepFeeds(
      data,
      options,
      settings,
      shape,
      dataset.classNames.map(() => 1),
    );
    const runner = new IterationRunner(without(engine, skipped), state, settings, feeds, options);
    const count = 10_000;
    const epoch: PlannedEpoch = {
      phase: { name: work, epochs: 1, restart: false, ...phase },
      restart: false,
      updatesBefore: 0,
      updatesInAll: count,
      iterationsBefore: 0,
      iterationsInAll: count,
    };
    let done = 0;
    return {
      run: async () => {
        const updates = { generator: done, discriminator: done, classifier: done };
        const read = await runner.run(done, epoch, done++ % count, updates);
        return read();
      },
      dispose: () => runner.dispose(),
    };
  };

  const openForward = async (rowsAtOnce: number): Promise<OpenedWork> => {
    const program = { ...classifyProgram(spec, data.limits, rowsAtOnce), frozen: true };
    const executable = await engine.compile(program, state);
    const samples = dataset.values.slice(0, rowsAtOnce * spec.channels * spec.steps);
    return { run: () => executable.run({ samples }), dispose: () => executable.dispose() };
  };

  const openSample = (rowsAtOnce: number): OpenedWork => {
    const sampler = new Sampler(engine, spec, data.limits, state);
    let first = 0;
    return {
      run: () => {
        first += rowsAtOnce;
        return sampler.sample(1, SEED, first - rowsAtOnce, rowsAtOnce, 'original');
      },
      dispose: () => sampler.dispose(),
    };
  };

  const open = async (work: Work | 'matrix-product', rowsAtOnce: number) => {
    if (work === 'forward') return openForward(rowsAtOnce);
    if (work === 'sample') return openSample(rowsAtOnce);
    if (work === 'matrix-product') return openProduct(engine);
    return openIterations(work);
  };

  return {
    get: async (work, rowsAtOnce) => {
      const key = `${work} ${rowsAtOnce}`;
      const kept = opened.get(key) ?? (await open(work, rowsAtOnce));
      opened.set(key, kept);
      return kept.run;
    },
    close: async () => {
      for (const { dispose } of opened.values()) await dispose();
      state.dispose();
    },
  };
}

/** One product of two square matrices; they are state, so that nothing is copied in, and a sum keeps it alive. */
async function openProduct(engine: Engine): Promise<OpenedWork> {
  const shapes = { left: [PRODUCT_SIDE, PRODUCT_SIDE], right: [PRODUCT_SIDE, PRODUCT_SIDE] };
  const filled = (): Float32Array =>
    fillUniform(randomKey(SEED, 'product'), new Float32Array(PRODUCT_SIDE ** 2));
  const state = engine.createState(shapes, { left: filled(), right: filled() });
  const executable = await engine.compile(
    {
      name: 'matrix-product',
      inputs: {},
      state: shapes,
      run: (_, { left, right }) => ({ outputs: { sum: sum(matMul(left!, right!)) } }),
    },
    state,
  );
  return {
    run: () => executable.run({}),
    dispose: async () => {
      await executable.dispose();
      state.dispose();
    },
  };
}
