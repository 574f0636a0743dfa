/** Six thousand steps leave no tensor and no memory behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { classifierStep } from '../../src/training/steps/classifier-step.ts';
import { median } from '../../src/training/watch/neighbours.ts';
import { engineTest, REAL_ENGINES } from '../support/engines.ts';
import { feedFor, freshState, SMALL, settingsFor } from '../support/steps.ts';

const STEPS = 6000;
/** The first stretch is the warm-up: the JavaScript heap, the allocator's arenas and the thread pools take what they need. */
const STRETCH = 1000;
/**
 * What the resident set may grow by in the median stretch after the warm-up, garbage collected. A leak grows in every
 * stretch, and eight KiB lost per step, a hundredth of C's state, would be more; an allocator that takes another arena
 * does so once, at a step of its own choosing, and by as much as 40 MiB.
 */
const BOUND_BYTES = 8 * 2 ** 20;

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
    const readings: { rss: number; tensors: number }[] = [];
    for (let step = 1; step <= STEPS; step += 2) {
      // Every other step is read later, as a training loop does.
      const pending = await executable.submit(inputs);
      await executable.run(inputs);
      await pending.read();
      if ((step + 1) % STRETCH === 0) readings.push(memory());
    }
    const growths = readings.slice(1).map((reading, stretch) => reading.rss - (readings[stretch]?.rss ?? 0));
    expect(new Set(readings.map((reading) => reading.tensors)).size).toBe(1);
    expect(growths).toHaveLength(STEPS / STRETCH - 1);
    expect(median(growths)).toBeLessThan(BOUND_BYTES);
    await executable.dispose();
    state.dispose();
    await engine.dispose();
  });
}
