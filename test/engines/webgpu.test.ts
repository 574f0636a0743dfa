/** The compiled steps on WebGPU. A software driver such as SwiftShader will do, and takes a minute to build shaders. */
import { expect } from 'vitest';
import { openReference } from '../../src/tensor/reference/engine.ts';
import { classifierStep } from '../../src/training/steps/classifier-step.ts';
import { discriminatorStep } from '../../src/training/steps/discriminator-step.ts';
import { generatorStep } from '../../src/training/steps/generator-step.ts';
import { expectLossesClose, expectStateClose } from '../support/closeness.ts';
import { engineTest, findWebgpu } from '../support/engines.ts';
import { feedFor, freshState, RATE, SMALL, settingsFor } from '../support/steps.ts';

const STEPS = 5;
const settings = settingsFor(SMALL);
const webgpu = await findWebgpu();

engineTest(
  webgpu,
  'five steps of every program agree with the reference',
  async () => {
    const reference = await openReference();
    const engine = await webgpu.open();
    expect(engine.device).toBe('webgpu');
    const [wanted, found] = [freshState(reference, SMALL), freshState(engine, SMALL)];
    for (const program of [discriminatorStep, generatorStep, classifierStep].map((make) => make(settings))) {
      const [slow, fast] = [await reference.compile(program, wanted), await engine.compile(program, found)];
      for (let step = 0; step < STEPS; step++) {
        const losses = await Promise.all(
          [slow, fast].map(async (executable) => {
            const outputs = await executable.run(feedFor(program, step, executable.layouts));
            return Object.fromEntries(Object.entries(outputs).map(([term, [value]]) => [term, value!]));
          }),
        );
        expectLossesClose(losses[1]!, losses[0]!, `${program.name}, step ${step}`);
      }
      await slow.dispose();
      await fast.dispose();
    }
    expectStateClose(found.read(), wanted.read(), RATE, 'alone');
    wanted.dispose();
    found.dispose();
  },
  600_000,
);
