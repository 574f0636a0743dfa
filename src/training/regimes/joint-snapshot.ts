import type { Regime } from '../phase.ts';

/**
 * C alone first; then G and D from random weights beside C's best snapshot, frozen for `unfreezeAfter` epochs, during
 * which it still teaches G through L_opt (section 2.3).
 */
export const JOINT_SNAPSHOT: Regime = {
  name: 'joint_snapshot',
  adversarial: true,
  phases: ({ epochs, unfreezeAfter, pretrainEpochs }) => [
    {
      name: 'pretrain',
      epochs: pretrainEpochs ?? epochs,
      adversarial: false,
      classifier: 'real',
      restart: false,
    },
    { name: 'frozen', epochs: unfreezeAfter, adversarial: true, classifier: 'frozen', restart: 'snapshot' },
    {
      name: 'joint',
      epochs: epochs - unfreezeAfter,
      adversarial: true,
      classifier: 'augmented',
      restart: unfreezeAfter === 0 ? 'snapshot' : false,
    },
  ],
};
