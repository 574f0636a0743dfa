import type { Regime } from '../phase.ts';
import { JOINT_SCRATCH } from './joint-scratch.ts';

/**
 * The joint method with other defaults (`REGIME_DEFAULTS`): a G whose rows of a class are made to differ, and rows of C between G's
 * and real ones. It is not the paper's; what it is worth is in docs/results.
 */
export const JOINT_RECOMMENDED: Regime = { ...JOINT_SCRATCH, name: 'joint_recommended' };
