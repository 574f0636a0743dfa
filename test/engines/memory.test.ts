/** Five thousand steps leave no tensor and no memory behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { classifierStep } from '../../src/training/steps/classifier-step.ts';
import { engineTest, REAL_ENGINES } from '../support/engines.ts';
import { feedFor, freshState, SMALL, settingsFor } from '../support/steps.ts';

const STEPS = 5000;
/** Until then the JavaScript heap, the allocator's arenas and the thread pools take what they need. */
const WARM_UP = 1000;
/**
 * What the resident set may grow by after the warm-up, garbage collected: seen 1 to 10 MiB, which then stands still (1
 * MiB from the 2,000th to the 16,000th step). Eight KiB lost per step, a hundredth of C's state, would be more.
 */
const BOUND_BYTES = 32 * 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function memory(): { rss: number; tensors: number } {
  collectGarbage();
  return { rss: process.memoryUsage.rss(), tensors: tf.memory().numTensors };
}

for (const engineCase of REAL_ENGINES) {
  engineTest(engineCase, `${STEPS} steps keep the resident set and the number of tensors`, async () => {
    const engine = await engineCase.open();
    const state = freshState(engine, SMALL);
    const program = classifierStep(settingsFor(SMALL, { syntheticRows: 0 }));
    const executable = await engine.compile(program, state);
    const inputs = feedFor(program, 1, executable.layouts);
    let before = memory();
    for (let step = 1; step <= STEPS; step += 2) {
      // Every other step is read later, as a training loop does.
      const pending = await executable.submit(inputs);
      await executable.run(inputs);
      await pending.read();
      if (step === WARM_UP + 1) before = memory();
    }
    const after = memory();
    expect(after.tensors).toBe(before.tensors);
    expect(after.rss - before.rss).toBeLessThan(BOUND_BYTES);
    await executable.dispose();
    state.dispose();
    await engine.dispose();
  });
}
