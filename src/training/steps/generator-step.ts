import { jointLoss } from '../../losses/joint.ts';
import { modeSeekingLoss } from '../../losses/mode-seeking.ts';
import {
  adversarialLoss,
  classLoss,
  correlationLoss,
  type Loss,
  rowCorrelation,
} from '../../losses/terms.ts';
import { classifierLogits } from '../../models/classifier.ts';
import { discriminate, discriminatorMasks } from '../../models/discriminator.ts';
import { generate } from '../../models/generator.ts';
import type { Weights } from '../../models/parameters.ts';
import type { Program, Tensors } from '../../tensor/engine.ts';
import { add, concat, mean, mul, split, type Tensor } from '../../tensor/ops.ts';
import { ADVERSARIAL_ADAM } from '../adam.ts';
import { fixedWeights, minimise, trainedShapes, usedShapes } from './network-state.ts';
import { maskNames, type StepSettings } from './step-settings.ts';

/**
 * Trains G once (eq. 6) through a fixed D and a fixed C. Row i is drawn for the class of real row i, which is also its
 * partner in L_corr. D runs with dropout, C without. With a weight on diversity G alone runs on a second latent vector
 * per row too, in the same pass; D and C see the first rows only.
 */
export function generatorStep(settings: StepSettings): Program {
  const { spec, batchSize } = settings;
  const masks = settings.dropout ? discriminatorMasks(spec, batchSize) : [];
  const names = maskNames(masks.length);
  const seeking = settings.diversityWeight > 0;
  return {
    name: 'generator-step',
    inputs: {
      real: [batchSize, spec.channels, spec.steps, 1],
      labels: [batchSize, spec.classes],
      noise: [batchSize, spec.latentSize],
      ...(seeking ? { otherNoise: [batchSize, spec.latentSize] } : {}),
      correlationTargets: [batchSize],
      rate: [],
      ...Object.fromEntries(names.map((name, i) => [name, masks[i]!])),
    },
    arrangeable: names,
    state: {
      ...trainedShapes('generator', spec),
      ...usedShapes('discriminator', spec),
      ...usedShapes('classifier', spec),
    },
    run: (inputs, state) => {
      const discriminator = fixedWeights('discriminator', spec, state);
      const classifier = fixedWeights('classifier', spec, state);
      const dropout = settings.dropout ? names.map((name) => inputs[name]!) : undefined;
      const update = minimise('generator', spec, ADVERSARIAL_ADAM, state, inputs.rate!, (weights) => {
        const { fake, diversity } = draw(settings, weights, inputs);
        const { source, classes } = discriminate(spec, discriminator, fake, dropout);
        const correlation = rowCorrelation(fake, inputs.real!);
        const terms = {
          adversarial: adversarialLoss(source),
          classification: classLoss(classes, inputs.labels!),
          correlation: correlationLoss(correlation, inputs.correlationTargets!),
          joint: classLoss(classifierLogits(spec, classifier, fake), inputs.labels!),
        };
        const joint = jointLoss(terms, settings.weights, settings.reduction);
        return {
          loss: diversity ? add(joint, mul(diversity[settings.reduction], settings.diversityWeight)) : joint,
          aux: {
            adversarial: terms.adversarial.mean,
            classification: terms.classification.mean,
            correlation: terms.correlation,
            joint: terms.joint.mean,
            realCorrelation: mean(correlation),
            ...(diversity ? { diversity: diversity.mean } : {}),
          },
        };
      });
      return { outputs: update.aux, state: update.state };
    },
  };
}

/** The batch's rows, and how little they depend on z where that is asked. */
function draw(
  { spec, diversityWeight }: StepSettings,
  weights: Weights,
  inputs: Tensors,
): { readonly fake: Tensor; readonly diversity?: Loss } {
  const [noise, labels] = [inputs.noise!, inputs.labels!];
  if (diversityWeight === 0) return { fake: generate(spec, weights, noise, labels) };
  const other = inputs.otherNoise!;
  const both = generate(spec, weights, concat([noise, other], 0), concat([labels, labels], 0));
  const [fake, otherFake] = split(both, 2, 0) as [Tensor, Tensor];
  return { fake, diversity: modeSeekingLoss(noise, other, fake, otherFake) };
}
