import { weightedClassLoss } from '../../losses/terms.ts';
import { classifierLogits, classifierMask } from '../../models/classifier.ts';
import { generate } from '../../models/generator.ts';
import type { Program } from '../../tensor/engine.ts';
import { concat } from '../../tensor/ops.ts';
import { CLASSIFIER_ADAM } from '../adam.ts';
import { fixedWeights, minimise, trainedShapes, usedShapes } from './network-state.ts';
import type { StepSettings } from './step-settings.ts';

/**
 * Trains C once (eq. 5) on a real batch and, when `syntheticRows` is not 0, on fresh rows of a fixed G. How many of
 * those count changes from step to step, the shape does not: rows of weight 0 fill it.
 */
export function classifierStep(settings: StepSettings): Program {
  const { spec, batchSize, syntheticRows } = settings;
  const rows = batchSize + syntheticRows;
  const augmented = syntheticRows > 0;
  return {
    name: augmented ? 'classifier-step-augmented' : 'classifier-step',
    inputs: {
      real: [batchSize, spec.channels, spec.steps, 1],
      // Of the real rows, then of the synthetic ones.
      labels: [rows, spec.classes],
      weights: [rows],
      rate: [],
      ...(settings.dropout ? { mask: classifierMask(rows) } : {}),
      ...(augmented
        ? { noise: [syntheticRows, spec.latentSize], syntheticLabels: [syntheticRows, spec.classes] }
        : {}),
    },
    state: { ...trainedShapes('classifier', spec), ...(augmented ? usedShapes('generator', spec) : {}) },
    run: (inputs, state) => {
      const synthetic = augmented
        ? [generate(spec, fixedWeights('generator', spec, state), inputs.noise!, inputs.syntheticLabels!)]
        : [];
      const batch = augmented ? concat([inputs.real!, ...synthetic], 0) : inputs.real!;
      const update = minimise('classifier', spec, CLASSIFIER_ADAM, state, inputs.rate!, (weights) => {
        const logits = classifierLogits(spec, weights, batch, inputs.mask);
        const loss = weightedClassLoss(logits, inputs.labels!, inputs.weights!, settings.labelSmoothing);
        return { loss: loss[settings.reduction], aux: { classifier: loss.mean } };
      });
      return { outputs: update.aux, state: update.state };
    },
  };
}
