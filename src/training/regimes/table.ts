import type { RegimeName } from '../options.ts';
import type { Regime } from '../phase.ts';
import { CLASSIFIER_ONLY } from './classifier-only.ts';
import { JOINT_SCRATCH } from './joint-scratch.ts';
import { JOINT_SNAPSHOT } from './joint-snapshot.ts';

/** Every regime by name. */
export const REGIMES: Readonly<Record<RegimeName, Regime>> = {
  classifier_only: CLASSIFIER_ONLY,
  joint_scratch: JOINT_SCRATCH,
  joint_snapshot: JOINT_SNAPSHOT,
};
