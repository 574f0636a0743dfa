import type { Regime } from '../phase.ts';

/**
 * The joint method's schedule of C, fed with real training rows of the sparse classes instead of G's: what balancing
 * does without a generator. C does not depend on G and D otherwise, so there are none.
 */
export const JOINT_DUPLICATES: Regime = {
  name: 'joint_duplicates',
  adversarial: false,
  phases: ({ epochs }) => [
    { name: 'augmented', epochs, adversarial: false, classifier: 'augmented', restart: false },
  ],
  recipe: { extraRows: 'duplicates' },
};
