import type { Experiment } from './experiment.ts';

/** The cheap remedies for imbalance, and joint training, which has to beat them (docs/method.md). */
export const BASELINES: Experiment = {
  name: 'baselines',
  title: 'Joint training beside the baselines',
  question: 'Does joint training beat the cheaper remedies for imbalance?',
  reference: 'joint_scratch',
  compared: ['macroAccuracy', 'macroAuc'],
  rows: () => [
    { name: 'classifier_only', title: 'classifier alone', regime: 'classifier_only' },
    {
      name: 'prior_correction',
      title: 'prior correction',
      regime: 'classifier_only',
      priorCorrected: true,
    },
    { name: 'weighted', title: 'weighted loss', regime: 'weighted' },
    { name: 'oversampling', title: 'oversampling', regime: 'oversampling' },
    { name: 'focal', title: 'focal loss', regime: 'focal' },
    { name: 'logit_adjusted', title: 'logit adjustment', regime: 'logit_adjusted' },
    { name: 'smote', title: 'SMOTE', regime: 'smote' },
    { name: 'perturbed', title: 'perturbed rows', regime: 'perturbed' },
    { name: 'two_stage', title: 'two-stage', regime: 'two_stage' },
    { name: 'joint_duplicates', title: 'joint schedule, real duplicates', regime: 'joint_duplicates' },
    { name: 'joint_scratch', title: 'joint, from scratch', regime: 'joint_scratch' },
    { name: 'joint_recommended', title: 'joint, recommended', regime: 'joint_recommended' },
  ],
};
