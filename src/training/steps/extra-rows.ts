import { densityRatioWeights } from '../../losses/density-ratio.ts';
import { discriminate } from '../../models/discriminator.ts';
import { generate } from '../../models/generator.ts';
import type { Shapes, Tensors } from '../../tensor/engine.ts';
import { add, concat, mul, split, sub, type Tensor } from '../../tensor/ops.ts';
import { fixedWeights, usedShapes } from './network-state.ts';
import type { StepSettings } from './step-settings.ts';

/** The rows that join a batch of C in its step: what they are made from, and how much they count. */

/** Inputs: what G draws rows from, given rows of the same classes, and the share that these have in a mixture. */
export function extraInputs({ spec, syntheticRows, extraRows }: StepSettings): Shapes {
  const drawn = { noise: [syntheticRows, spec.latentSize], syntheticLabels: [syntheticRows, spec.classes] };
  const given = { extra: [syntheticRows, spec.channels, spec.steps, 1] };
  switch (extraRows) {
    case 'generated':
      return drawn;
    case 'given':
      return given;
    case 'mixed':
      return { ...drawn, ...given, shares: [syntheticRows, 1, 1, 1] };
  }
}

/** State of the networks that make and weigh the rows. */
export function extraState({ spec, extraRows, syntheticWeights }: StepSettings): Shapes {
  if (extraRows === 'given') return {};
  return {
    ...usedShapes('generator', spec),
    ...(syntheticWeights === 'density_ratio' ? usedShapes('discriminator', spec) : {}),
  };
}

/**
 * The rows, `[syntheticRows, channels, steps, 1]`, and the weights of the whole batch, `[batchSize + syntheticRows]`. D
 * judges a generated row before it is mixed: only there is its answer a ratio of the densities that it has learned. G
 * and D are fixed, and D runs without dropout.
 */
export function extraRows(
  settings: StepSettings,
  inputs: Tensors,
  state: Tensors,
): { readonly rows: Tensor; readonly weights: Tensor } {
  const { spec, batchSize, syntheticRows } = settings;
  const [weights, labels] = [inputs.weights!, inputs.syntheticLabels!];
  if (settings.extraRows === 'given') return { rows: inputs.extra!, weights };
  const drawn = generate(spec, fixedWeights('generator', spec, state), inputs.noise!, labels);
  const rows = settings.extraRows === 'mixed' ? mix(drawn, inputs.extra!, inputs.shares!) : drawn;
  if (settings.syntheticWeights === 'none') return { rows, weights };
  const { source } = discriminate(spec, fixedWeights('discriminator', spec, state), drawn);
  const [ofReal, ofDrawn] = split(weights, [batchSize, syntheticRows]) as [Tensor, Tensor];
  return { rows, weights: concat([ofReal, densityRatioWeights(source, labels, ofDrawn)]) };
}

/** m real + (1 - m) drawn. */
function mix(drawn: Tensor, real: Tensor, shares: Tensor): Tensor {
  return add(mul(real, shares), mul(drawn, sub(1, shares)));
}
