import { focalLoss, logitAdjustedLoss } from '../../losses/imbalance.ts';
import { type Loss, weightedClassLoss } from '../../losses/terms.ts';
import { classifierLogits, classifierMask } from '../../models/classifier.ts';
import type { Program, Tensors } from '../../tensor/engine.ts';
import { concat, type Tensor } from '../../tensor/ops.ts';
import { CLASSIFIER_ADAM } from '../adam.ts';
import { extraInputs, extraRows, extraState } from './extra-rows.ts';
import { minimise, trainedShapes } from './network-state.ts';
import type { StepSettings } from './step-settings.ts';

/**
 * Trains C once (eq. 5, or the loss of a baseline) on a real batch and, when `syntheticRows` is not 0, on fresh rows of
 * a fixed G, rows that are given, or mixtures of the two. How many of those count changes from step to step, the shape
 * does not: rows of weight 0 fill it.
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
      ...(settings.dropout ? { mask: classifierMask(spec, rows) } : {}),
      ...(augmented ? extraInputs(settings) : {}),
      // tau log prior of every class.
      ...(settings.classifierLoss.kind === 'logit_adjusted' ? { offsets: [spec.classes] } : {}),
    },
    state: { ...trainedShapes('classifier', spec), ...(augmented ? extraState(settings) : {}) },
    run: (inputs, state) => {
      const extra = augmented ? extraRows(settings, inputs, state) : undefined;
      const batch = extra ? concat([inputs.real!, extra.rows], 0) : inputs.real!;
      const update = minimise('classifier', spec, CLASSIFIER_ADAM, state, inputs.rate!, (weights) => {
        const logits = classifierLogits(spec, weights, batch, inputs.mask);
        const loss = lossOf(settings, logits, extra ? { ...inputs, weights: extra.weights } : inputs);
        return { loss: loss[settings.reduction], aux: { classifier: loss.mean } };
      });
      return { outputs: update.aux, state: update.state };
    },
  };
}

function lossOf({ classifierLoss, labelSmoothing }: StepSettings, logits: Tensor, inputs: Tensors): Loss {
  const { labels, weights, offsets } = inputs as { labels: Tensor; weights: Tensor; offsets?: Tensor };
  switch (classifierLoss.kind) {
    case 'cross_entropy':
      return weightedClassLoss(logits, labels, weights, labelSmoothing);
    case 'focal':
      return focalLoss(logits, labels, weights, labelSmoothing, classifierLoss.gamma);
    case 'logit_adjusted':
      return logitAdjustedLoss(logits, offsets!, labels, weights, labelSmoothing);
  }
}
