/**
 * What a training iteration costs, counted rather than timed: a change that makes steps slower usually makes these grow. Raise a number
 * only with a measurement that says why (`npm run bench -- training`), and lower it when a pass earns it.
 */
import { expect, test } from 'vitest';
import { optionsOf, stepSettings } from '../bench/training/engine-works.ts';
import { PAPER_SHAPE } from '../bench/training/shapes.ts';
import { createDataset } from '../src/data/create-dataset.ts';
import { layoutOf, NETWORKS, weightsKey } from '../src/models/networks.ts';
import { initialWeights } from '../src/models/parameters.ts';
import { fillUniform, randomKey } from '../src/random.ts';
import { compileProgram, DEFAULT_OPTIONS } from '../src/tensor/compile/compile.ts';
import type { Arrays, Engine, Program } from '../src/tensor/engine.ts';
import { openOnnxruntime } from '../src/tensor/onnxruntime/engine.ts';
import { StepFeeds } from '../src/training/feeds.ts';
import { IterationRunner } from '../src/training/iteration.ts';
import { classifierStep } from '../src/training/steps/classifier-step.ts';
import { discriminatorStep } from '../src/training/steps/discriminator-step.ts';
import { generatorStep } from '../src/training/steps/generator-step.ts';
import { trainedShapes } from '../src/training/steps/network-state.ts';
import { prepareData } from '../src/training/training-data.ts';

const OPTIONS = optionsOf(PAPER_SHAPE);
const SETTINGS = stepSettings(PAPER_SHAPE, OPTIONS, true);

interface Counts {
  /** ONNX nodes before the runtime optimises further. */
  readonly nodes: number;
  /** Tensors that the runtime allocates for a run's results: the losses, and state that it could not write in place. */
  readonly results: number;
}

/** At most, at the paper's shape. */
const PROGRAMS: readonly (readonly [Program, Counts])[] = [
  [classifierStep({ ...SETTINGS, syntheticRows: 0 }), { nodes: 125, results: 1 }],
  [classifierStep(SETTINGS), { nodes: 152, results: 1 }],
  [discriminatorStep(SETTINGS), { nodes: 179, results: 2 }],
  [generatorStep(SETTINGS), { nodes: 437, results: 5 }],
];

test.each(PROGRAMS.map(([program, counts]) => [program.name, program, counts] as const))(
  '%s has no more nodes and allocates no more results than it did',
  async (_, program, counts) => {
    const { nodes, outputs, newState } = (await compileProgram(program, DEFAULT_OPTIONS)).graph;
    expect([...nodes.values()].reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(counts.nodes);
    expect(outputs.length + newState.length).toBeLessThanOrEqual(counts.results);
  },
);

test('a joint iteration is three runs of the engine, and feeds them from the same buffers every time', async () => {
  const engine = openOnnxruntime({ threads: 1 });
  const runs: Arrays[] = [];
  const counting: Engine = {
    ...engine,
    compile: async (program, state) => {
      const executable = await engine.compile(program, state);
      return {
        layouts: executable.layouts,
        heldBytes: executable.heldBytes,
        run: (inputs) => {
          runs.push(inputs);
          return executable.run(inputs);
        },
        submit: (inputs) => {
          runs.push(inputs);
          return executable.submit(inputs);
        },
        dispose: () => executable.dispose(),
      };
    },
  };
  const { spec } = SETTINGS;
  const state = engine.createState(
    Object.assign({}, ...NETWORKS.map((network) => trainedShapes(network, spec))),
    Object.fromEntries(
      NETWORKS.map((network) => [weightsKey(network), initialWeights(layoutOf(network, spec), 1, network)]),
    ),
  );
  const rows = 30;
  const names = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${name}${i}`);
  const dataset = createDataset({
    name: 'random',
    channels: spec.channels,
    steps: spec.steps,
    channelNames: names('channel', spec.channels),
    classNames: names('class', spec.classes),
    values: fillUniform(randomKey(1, 'values'), new Float32Array(rows * spec.channels * spec.steps)),
    labels: Uint8Array.from({ length: rows }, (_, row) => row % spec.classes),
    groups: undefined,
    clips: undefined,
    folds: undefined,
  });
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  const data = prepareData(dataset, { train: all, validation: all, test: all }, OPTIONS);
  const feeds = new StepFeeds(data, OPTIONS, SETTINGS, PAPER_SHAPE, [1, 1, 1]);
  const runner = new IterationRunner(counting, state, SETTINGS, feeds, OPTIONS);
  const epoch = {
    phase: { name: 'joint', epochs: 1, adversarial: true, classifier: 'augmented', restart: false },
    restart: false,
    updatesBefore: 0,
    updatesInAll: 2,
    iterationsBefore: 0,
    iterationsInAll: 2,
  } as const;
  for (const done of [0, 1])
    await runner.run(done, epoch, done, { generator: done, discriminator: done, classifier: done });
  expect(runs).toHaveLength(2 * 3);
  const buffers = (iteration: number): Set<unknown> =>
    new Set(runs.slice(3 * iteration, 3 * iteration + 3).flatMap((inputs) => Object.values(inputs)));
  expect(buffers(1)).toEqual(buffers(0));
  expect([...buffers(1)].every((buffer) => buffers(0).has(buffer))).toBe(true);
  await runner.dispose();
  state.dispose();
  await engine.dispose();
});
