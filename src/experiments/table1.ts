import { VigilError } from '../errors.ts';
import type { Experiment } from './experiment.ts';

/** Shares of the epochs after which C is unfrozen: 0, 25, 50 and 75 of the paper's 100. */
const UNFREEZE_PERCENT = [0, 25, 50, 75] as const;

/** Table 1 of the paper: the training regimes (section 2.3). */
export const TABLE1: Experiment = {
  name: 'table1',
  title: 'Table 1: training regimes',
  question: 'Does joint training give a better classifier than training it alone?',
  reference: 'classifier_only',
  compared: ['macroAccuracy', 'macroAuc'],
  rows: (epochs) => {
    if (epochs < UNFREEZE_PERCENT.length) {
      const allowed = `at least ${UNFREEZE_PERCENT.length}: the classifier is unfrozen after 0, 25, 50 and 75 % of them`;
      throw VigilError.field('epochs', String(epochs), allowed);
    }
    return [
      { name: 'classifier_only', title: 'classifier alone', regime: 'classifier_only' },
      { name: 'joint_scratch', title: 'joint, from scratch', regime: 'joint_scratch' },
      ...UNFREEZE_PERCENT.map((percent) => {
        const unfreezeAfter = Math.floor((epochs * percent) / 100);
        const exact = 100 * unfreezeAfter === epochs * percent;
        return {
          name: `joint_snapshot_${percent}`,
          title: `joint, snapshot unfrozen after ${exact ? `${percent} %` : `${unfreezeAfter} of ${epochs} epochs`}`,
          regime: 'joint_snapshot' as const,
          options: { unfreezeAfter },
        };
      }),
    ];
  },
};
