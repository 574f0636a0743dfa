import type { Regime } from '../phase.ts';
import { JOINT_DUPLICATES } from './joint-duplicates.ts';

/** Real rows with jitter, scale and time-warp (Um et al. 2017), on the joint method's schedule of C. */
export const PERTURBED: Regime = {
  ...JOINT_DUPLICATES,
  name: 'perturbed',
  recipe: { extraRows: 'perturbed' },
};
