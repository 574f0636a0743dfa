import type { Experiment } from './experiment.ts';

const trainedAlone = (architecture: string, title: string) => ({
  name: `classifier_${architecture}`,
  title,
  regime: 'classifier_only' as const,
  ...(architecture !== 'paper' && { options: { classifierArchitecture: architecture } }),
});

/** Whether another classifier than the paper's does better on the same data, trained alone or with its classes balanced. */
export const ARCHITECTURES: Experiment = {
  name: 'architectures',
  title: 'Classifiers',
  question: "Is another classifier better than the paper's?",
  reference: 'classifier_paper',
  compared: ['macroAccuracy', 'macroAuc'],
  rows: () => [
    trainedAlone('paper', "the paper's"),
    trainedAlone('residual', 'residual'),
    trainedAlone('statistics', 'statistics'),
    ...(['residual', 'statistics'] as const).map((architecture) => ({
      name: `adjusted_${architecture}`,
      title: `${architecture}, logit adjustment`,
      regime: 'logit_adjusted' as const,
      options: { classifierArchitecture: architecture },
    })),
  ],
};
