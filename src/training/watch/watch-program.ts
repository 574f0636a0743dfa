import { discriminate } from '../../models/discriminator.ts';
import { generate } from '../../models/generator.ts';
import type { ModelSpec } from '../../models/spec.ts';
import type { Program } from '../../tensor/engine.ts';
import { concat, reshape, split } from '../../tensor/ops.ts';
import { fixedWeights, usedShapes } from '../steps/network-state.ts';

/**
 * G's rows, and what D takes real and generated rows for, as logits `[rows, 1]` without dropout. Rows are scaled; `samples`
 * is `[rows, channels, steps]`.
 */
export function watchProgram(spec: ModelSpec, rows: number): Program {
  return {
    name: 'watch',
    inputs: {
      real: [rows, spec.channels, spec.steps, 1],
      noise: [rows, spec.latentSize],
      labels: [rows, spec.classes],
    },
    state: { ...usedShapes('generator', spec), ...usedShapes('discriminator', spec) },
    run: ({ real, noise, labels }, state) => {
      const fake = generate(spec, fixedWeights('generator', spec, state), noise!, labels!);
      const both = concat([real!, fake], 0);
      const { source } = discriminate(spec, fixedWeights('discriminator', spec, state), both);
      const [realSource, fakeSource] = split(source, 2, 0);
      const samples = reshape(fake, [rows, spec.channels, spec.steps]);
      return { outputs: { samples, realSource: realSource!, fakeSource: fakeSource! } };
    },
  };
}
