import type { Experiment } from './experiment.ts';

const OTHERS = ['residual', 'statistics'] as const;

/** Whether another classifier than the paper's does better on the same data: trained alone, corrected, or balanced. */
export const ARCHITECTURES: Experiment = {
  name: 'architectures',
  title: 'Classifiers',
  question: "Is another classifier better than the paper's?",
  reference: 'classifier_paper',
  compared: ['macroAccuracy', 'macroAuc'],
  rows: () => {
    const regime = 'classifier_only' as const;
    const alone = [
      { name: 'paper', title: "the paper's", regime },
      ...OTHERS.map((name) => ({ name, title: name, regime, options: { classifierArchitecture: name } })),
    ];
    return [
      ...alone.map((row) => ({ ...row, name: `classifier_${row.name}` })),
      ...alone.map((row) => ({
        ...row,
        name: `corrected_${row.name}`,
        title: `${row.title}, prior correction`,
        priorCorrected: true,
      })),
      ...OTHERS.map((name) => ({
        name: `adjusted_${name}`,
        title: `${name}, logit adjustment`,
        regime: 'logit_adjusted' as const,
        options: { classifierArchitecture: name },
      })),
    ];
  },
};
