import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDataset } from '../data/open-dataset.ts';
import type { Arrays, Engine } from '../tensor/engine.ts';
import { openOnnxruntime } from '../tensor/onnxruntime/engine.ts';
import { parseTrainingOptions } from './options.ts';
import { REGIMES } from './regimes/table.ts';
import { train } from './trainer.ts';
import { prepareData } from './training-data.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-divergence-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** 40 training rows in batches of 16: three iterations an epoch. */
async function trainOn(engine: Engine): Promise<unknown> {
  const { dataset, split } = await openDataset('simulated:small?rows=40&steps=8');
  const options = parseTrainingOptions({ epochs: 3, latentSize: 8 }, 'joint_scratch');
  return train({
    engine,
    regime: REGIMES.joint_scratch,
    options,
    data: prepareData(dataset, split!, options),
    directory,
    stopRequested: () => undefined,
    onUpdate: () => {},
    pause: async () => {},
    clock: () => 0,
  });
}

/** An engine whose `n`-th run of a step is fed a NaN in an input. */
function poisoned(step: string, input: string, n: number): Engine {
  const engine = openOnnxruntime({ threads: 1 });
  let runs = 0;
  return {
    ...engine,
    compile: async (program, state) => {
      const executable = await engine.compile(program, state);
      if (program.name !== step) return executable;
      const feed = (inputs: Arrays): Arrays => {
        runs += 1;
        if (runs !== n) return inputs;
        return { ...inputs, [input]: inputs[input]!.map(() => Number.NaN) };
      };
      return {
        layouts: executable.layouts,
        heldBytes: executable.heldBytes,
        run: (inputs) => executable.run(feed(inputs)),
        submit: (inputs) => executable.submit(feed(inputs)),
        dispose: () => executable.dispose(),
      };
    },
  };
}

test('a loss that is not a number ends the run with the term, the iteration and the checkpoint that is left', async () => {
  await expect(trainOn(poisoned('discriminator-step', 'real', 5))).rejects.toMatchObject({
    code: 'TRAINING_DIVERGED',
    message: 'loss discriminator is NaN at iteration 5; the checkpoint of epoch 1 is kept',
    metadata: { term: 'discriminator', iteration: '5', checkpointEpoch: '1' },
  });
});

test('an update that breaks the weights after the last loss of an epoch does not get into its checkpoint', async () => {
  // The rate is only in the update: the loss of iteration 3 is finite.
  await expect(trainOn(poisoned('classifier-step-augmented', 'rate', 3))).rejects.toMatchObject({
    code: 'TRAINING_DIVERGED',
    message: 'classifier/weights is NaN at iteration 3; there was no checkpoint',
    metadata: { term: 'classifier/weights' },
  });
  // A run that goes on from what was kept begins afresh, and ends.
  await expect(trainOn(openOnnxruntime({ threads: 1 }))).resolves.toMatchObject({ kind: 'finished' });
});
