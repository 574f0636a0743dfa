import type { LOSS_TERMS } from '../training/options.ts';
import type { Experiment, ExperimentRow } from './experiment.ts';

/** Terms of the generator's loss (eq. 6), by the symbols of the paper. */
const SYMBOLS: Readonly<Record<(typeof LOSS_TERMS)[number], string>> = {
  adversarial: 'L_G',
  classification: 'L_cls',
  correlation: 'L_corr',
  joint: 'L_opt',
};

/** Table 2 of the paper: joint training from scratch without one term of the generator's loss each. */
export const TABLE2: Experiment = {
  name: 'table2',
  title: "Table 2: without one term of the generator's loss",
  question: "Does each term of the generator's loss help the classifier?",
  reference: 'joint_scratch',
  compared: ['macroAccuracy', 'macroAuc'],
  rows: () => [
    { name: 'classifier_only', title: 'classifier alone', regime: 'classifier_only' },
    ...Object.entries(SYMBOLS).map(
      ([term, symbol]): ExperimentRow => ({
        name: `without_${term}`,
        title: `without ${symbol}`,
        regime: 'joint_scratch',
        options: { ablate: [term] },
      }),
    ),
    { name: 'joint_scratch', title: 'full loss', regime: 'joint_scratch' },
  ],
};
