import { FOCAL } from '../baselines/focal.ts';
import { JOINT_DUPLICATES } from '../baselines/joint-duplicates.ts';
import { LOGIT_ADJUSTED } from '../baselines/logit-adjusted.ts';
import { OVERSAMPLING } from '../baselines/oversampling.ts';
import { PERTURBED } from '../baselines/perturbed.ts';
import { SMOTE } from '../baselines/smote.ts';
import { TWO_STAGE } from '../baselines/two-stage.ts';
import { WEIGHTED } from '../baselines/weighted.ts';
import type { RegimeName } from '../options.ts';
import type { Regime } from '../phase.ts';
import { CLASSIFIER_ONLY } from './classifier-only.ts';
import { JOINT_RECOMMENDED } from './joint-recommended.ts';
import { JOINT_SCRATCH } from './joint-scratch.ts';
import { JOINT_SNAPSHOT } from './joint-snapshot.ts';

/** Every regime by name. */
export const REGIMES: Readonly<Record<RegimeName, Regime>> = {
  classifier_only: CLASSIFIER_ONLY,
  joint_scratch: JOINT_SCRATCH,
  joint_snapshot: JOINT_SNAPSHOT,
  two_stage: TWO_STAGE,
  joint_duplicates: JOINT_DUPLICATES,
  weighted: WEIGHTED,
  oversampling: OVERSAMPLING,
  focal: FOCAL,
  logit_adjusted: LOGIT_ADJUSTED,
  smote: SMOTE,
  perturbed: PERTURBED,
  joint_recommended: JOINT_RECOMMENDED,
};
