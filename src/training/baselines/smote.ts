import type { Regime } from '../phase.ts';
import { JOINT_DUPLICATES } from './joint-duplicates.ts';

/** SMOTE (Chawla et al. 2002): rows between a row and one of its neighbours, on the joint method's schedule of C. */
export const SMOTE: Regime = { ...JOINT_DUPLICATES, name: 'smote', recipe: { extraRows: 'smote' } };
