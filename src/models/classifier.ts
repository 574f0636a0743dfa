/** C: features of a sample by one of its forms, dropout, dense. */
import type { Shape } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/ops.ts';
import type { ClassifierForm } from './classifiers/form.ts';
import { PAPER } from './classifiers/paper.ts';
import { RESIDUAL } from './classifiers/residual.ts';
import { STATISTICS } from './classifiers/statistics.ts';
import { affine, drop } from './layers.ts';
import { dense, type Layout, type Weights } from './parameters.ts';
import type { ClassifierArchitecture, ModelSpec } from './spec.ts';

const FORMS: Readonly<Record<ClassifierArchitecture, ClassifierForm>> = {
  paper: PAPER,
  residual: RESIDUAL,
  statistics: STATISTICS,
};

const formOf = (spec: ModelSpec): ClassifierForm => FORMS[spec.classifierArchitecture];

/** Width of the penultimate layer. */
export const classifierWidth = (spec: ModelSpec): number => formOf(spec).width(spec);

export function classifierLayout(spec: ModelSpec): Layout {
  return [...formOf(spec).layout(spec), ...dense('dense', classifierWidth(spec), spec.classes)];
}

/** Shape of C's dropout mask. */
export const classifierMask = (spec: ModelSpec, batch: number): Shape => [batch, classifierWidth(spec)];

/** The penultimate layer: `[batch, channels, steps, 1]` in [-1, 1] to `[batch, classifierWidth]`. */
export function classifierFeatures(spec: ModelSpec, weights: Weights, x: Tensor): Tensor {
  return formOf(spec).features(spec, weights, x);
}

/** Logits `[batch, classes]` from `[batch, channels, steps, 1]` in [-1, 1]; the softmax is in the loss. */
export function classifierLogits(spec: ModelSpec, weights: Weights, x: Tensor, mask?: Tensor): Tensor {
  return logitsOfFeatures(weights, drop(classifierFeatures(spec, weights, x), mask));
}

/** The last layer: `[batch, classifierWidth]` to logits `[batch, classes]`. */
export function logitsOfFeatures(weights: Weights, features: Tensor): Tensor {
  return affine(weights, 'dense', features);
}
