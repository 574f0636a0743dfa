import type { Regime } from '../phase.ts';

/** C alone on real rows: the first row of Table 1. */
export const CLASSIFIER_ONLY: Regime = {
  name: 'classifier_only',
  adversarial: false,
  phases: ({ epochs }) => [
    { name: 'classifier', epochs, adversarial: false, classifier: 'real', restart: false },
  ],
};
