import { jointLoss } from '../../losses/joint.ts';
import { adversarialLoss, classLoss, correlationLoss, rowCorrelation } from '../../losses/terms.ts';
import { classifierLogits } from '../../models/classifier.ts';
import { discriminate, discriminatorMasks } from '../../models/discriminator.ts';
import { generate } from '../../models/generator.ts';
import type { Program } from '../../tensor/engine.ts';
import { mean } from '../../tensor/ops.ts';
import { ADVERSARIAL_ADAM } from '../adam.ts';
import { fixedWeights, minimise, trainedShapes, usedShapes } from './network-state.ts';
import { maskNames, type StepSettings } from './step-settings.ts';

/**
 * Trains G once (eq. 6) through a fixed D and a fixed C. Row i is drawn for the class of real row i, which is also its
 * partner in L_corr. D runs with dropout, C without.
 */
export function generatorStep(settings: StepSettings): Program {
  const { spec, batchSize } = settings;
  const masks = settings.dropout ? discriminatorMasks(spec, batchSize) : [];
  const names = maskNames(masks.length);
  return {
    name: 'generator-step',
    inputs: {
      real: [batchSize, spec.channels, spec.steps, 1],
      labels: [batchSize, spec.classes],
      noise: [batchSize, spec.latentSize],
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
        const fake = generate(spec, weights, inputs.noise!, inputs.labels!);
        const { source, classes } = discriminate(spec, discriminator, fake, dropout);
        const correlation = rowCorrelation(fake, inputs.real!);
        const terms = {
          adversarial: adversarialLoss(source),
          classification: classLoss(classes, inputs.labels!),
          correlation: correlationLoss(correlation, inputs.correlationTargets!),
          joint: classLoss(classifierLogits(spec, classifier, fake), inputs.labels!),
        };
        return {
          loss: jointLoss(terms, settings.weights, settings.reduction),
          aux: {
            adversarial: terms.adversarial.mean,
            classification: terms.classification.mean,
            correlation: terms.correlation,
            joint: terms.joint.mean,
            realCorrelation: mean(correlation),
          },
        };
      });
      return { outputs: update.aux, state: update.state };
    },
  };
}
