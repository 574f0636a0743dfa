import type { Experiment } from './experiment.ts';

/** A learning rate at which a generator stays what it was drawn as: updates are far below float32's resolution. */
const NEVER_LEARNS = 1e-12;

/**
 * Whether a generator earns its place: the recommended joint recipe, taken apart, beside the same schedule fed with
 * copies of real rows, and beside itself with a generator that never learns.
 */
export const RECIPE: Experiment = {
  name: 'recipe',
  title: 'The joint recipe, taken apart',
  question: 'Does a generator do more for the classifier than copies of real rows?',
  reference: 'joint_duplicates',
  compared: ['macroAccuracy', 'macroAuc'],
  rows: () => [
    { name: 'joint_duplicates', title: 'joint schedule, real duplicates', regime: 'joint_duplicates' },
    { name: 'perturbed', title: 'perturbed rows', regime: 'perturbed' },
    { name: 'joint_scratch', title: 'joint, from scratch', regime: 'joint_scratch' },
    { name: 'joint_recommended', title: 'joint, recommended', regime: 'joint_recommended' },
    {
      name: 'recommended_untrained',
      title: 'recommended, G never learns',
      regime: 'joint_recommended',
      options: { generatorLearningRate: NEVER_LEARNS },
    },
    {
      name: 'recommended_without_mixing',
      title: 'recommended, without mixing',
      regime: 'joint_recommended',
      options: { syntheticMixing: 0 },
    },
    {
      name: 'recommended_without_diversity',
      title: 'recommended, without diversity',
      regime: 'joint_recommended',
      options: { diversity: 'none' },
    },
    {
      name: 'recommended_weighted_rows',
      title: 'recommended, rows weighted by D',
      regime: 'joint_recommended',
      options: { syntheticWeights: 'density_ratio' },
    },
    {
      name: 'recommended_temporal',
      title: 'recommended, dense-first temporal G',
      regime: 'joint_recommended',
      options: { generatorArchitecture: 'temporal' },
    },
    {
      name: 'duplicates_by_auc',
      title: 'real duplicates, snapshot by macro AUC',
      regime: 'joint_duplicates',
      options: { selectBy: 'macroAuc' },
    },
    {
      name: 'recommended_by_auc',
      title: 'recommended, snapshot by macro AUC',
      regime: 'joint_recommended',
      options: { selectBy: 'macroAuc' },
    },
  ],
};
