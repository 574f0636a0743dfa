import { classLoss, discriminatorLoss } from '../../losses/terms.ts';
import { discriminate, discriminatorMasks } from '../../models/discriminator.ts';
import { generate } from '../../models/generator.ts';
import type { Program } from '../../tensor/engine.ts';
import { add, concat, split } from '../../tensor/ops.ts';
import { ADVERSARIAL_ADAM } from '../adam.ts';
import { fixedWeights, minimise, trainedShapes, usedShapes } from './network-state.ts';
import { maskNames, type StepSettings } from './step-settings.ts';

/**
 * Trains D once (eq. 1): on a real batch and on as many synthetic rows of the same classes, drawn from a fixed G.
 * D_cls learns from real rows, and from synthetic ones only with `auxOnFake`. The class term goes unweighted: D has an
 * optimiser of its own.
 */
export function discriminatorStep(settings: StepSettings): Program {
  const { spec, batchSize } = settings;
  const masks = settings.dropout ? discriminatorMasks(spec, 2 * batchSize) : [];
  const names = maskNames(masks.length);
  return {
    name: 'discriminator-step',
    inputs: {
      real: [batchSize, spec.channels, spec.steps, 1],
      labels: [batchSize, spec.classes],
      noise: [batchSize, spec.latentSize],
      rate: [],
      ...Object.fromEntries(names.map((name, i) => [name, masks[i]!])),
    },
    arrangeable: names,
    state: { ...trainedShapes('discriminator', spec), ...usedShapes('generator', spec) },
    run: (inputs, state) => {
      const fake = generate(spec, fixedWeights('generator', spec, state), inputs.noise!, inputs.labels!);
      const rows = concat([inputs.real!, fake], 0);
      const dropout = settings.dropout ? names.map((name) => inputs[name]!) : undefined;
      const update = minimise('discriminator', spec, ADVERSARIAL_ADAM, state, inputs.rate!, (weights) => {
        const { source, classes } = discriminate(spec, weights, rows, dropout);
        const [realSource, fakeSource] = split(source, 2, 0);
        const [realClasses, fakeClasses] = split(classes, 2, 0);
        const adversarial = discriminatorLoss(realSource!, fakeSource!, settings.realTarget);
        const onReal = classLoss(realClasses!, inputs.labels!);
        const total = add(adversarial[settings.reduction], onReal[settings.reduction]);
        const onFake = settings.auxOnFake
          ? classLoss(fakeClasses!, inputs.labels!)[settings.reduction]
          : undefined;
        return {
          loss: onFake ? add(total, onFake) : total,
          aux: { discriminator: adversarial.mean, discriminatorClass: onReal.mean },
        };
      });
      return { outputs: update.aux, state: update.state };
    },
  };
}
