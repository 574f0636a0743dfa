/** What C makes of G's rows, by the options for it, over whole runs. */
import { afterAll, expect, test } from 'vitest';
import { openOnnxruntime } from '../src/tensor/onnxruntime/engine.ts';
import { openReference } from '../src/tensor/reference/engine.ts';
import { tinyRun } from './support/tiny-run.ts';

const engines = [openOnnxruntime({ threads: 1 }), await openReference()];
afterAll(() => Promise.all(engines.map((engine) => engine.dispose())));

test.each(engines.map((engine) => [engine.name, engine] as const))(
  '%s: with nothing of G left in the mixture C is that of joint_duplicates, to the bit',
  async (_, engine) => {
    const mixed = await tinyRun(engine, 'joint_scratch', { syntheticMixing: 1 });
    const duplicates = await tinyRun(engine, 'joint_duplicates');
    expect(mixed.weights.classifier).toEqual(duplicates.weights.classifier);
    const losses = (run: typeof mixed): unknown =>
      run.counters.history.map((epoch) => epoch.losses.classifier);
    expect(losses(mixed)).toEqual(losses(duplicates));
    const paper = await tinyRun(engine, 'joint_scratch');
    expect(mixed.weights.classifier).not.toEqual(paper.weights.classifier);
  },
);

test('joint_recommended is joint_scratch with other defaults, and what is given wins', async () => {
  const [engine] = engines;
  const classifierOf = async (...run: [regime: 'joint_scratch' | 'joint_recommended', options?: object]) =>
    (await tinyRun(engine!, run[0], { ...run[1] })).weights.classifier;
  const paper = { diversity: 'none', syntheticMixing: 0 };
  expect(await classifierOf('joint_recommended', paper)).toEqual(await classifierOf('joint_scratch'));
  const own = { diversity: 'mode_seeking', diversityWeight: 0.3, syntheticMixing: 0.5 };
  const recommended = await classifierOf('joint_recommended');
  expect(recommended).toEqual(await classifierOf('joint_scratch', own));
  for (const change of [{ syntheticMixing: 0.6 }, { syntheticWeights: 'density_ratio' }])
    expect(await classifierOf('joint_recommended', change)).not.toEqual(recommended);
});
