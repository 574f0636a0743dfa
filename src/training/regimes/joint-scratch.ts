import type { Regime } from '../phase.ts';

/** G, D and C together from random weights (section 2.3). */
export const JOINT_SCRATCH: Regime = {
  name: 'joint_scratch',
  adversarial: true,
  phases: ({ epochs }) => [
    { name: 'joint', epochs, adversarial: true, classifier: 'augmented', restart: false },
  ],
};
