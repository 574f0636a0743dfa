import type { Regime } from '../phase.ts';

/**
 * First the generator, then the classifier, each trained alone. A teacher C is trained as in joint_snapshot and frozen,
 * because L_opt needs one; G and D train beside it for as many iterations as in the joint method; then a C from random
 * weights learns from real rows and from a G that does not change any more. That C is updated as often as any other
 * regime's, and its updates alone are counted.
 */
export const TWO_STAGE: Regime = {
  name: 'two_stage',
  adversarial: true,
  phases: ({ epochs, pretrainEpochs }) => [
    {
      name: 'teacher',
      epochs: pretrainEpochs ?? epochs,
      adversarial: false,
      classifier: 'real',
      restart: false,
    },
    { name: 'generator', epochs, adversarial: true, classifier: 'frozen', restart: 'snapshot' },
    { name: 'classifier', epochs, adversarial: false, classifier: 'augmented', restart: 'fresh' },
  ],
};
