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
