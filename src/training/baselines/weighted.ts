import type { Regime } from '../phase.ts';
import { CLASSIFIER_ONLY } from '../regimes/classifier-only.ts';

/** Cross-entropy weighted by inverse class frequency. */
export const WEIGHTED: Regime = {
  ...CLASSIFIER_ONLY,
  name: 'weighted',
  recipe: { rowWeights: 'inverse_frequency' },
};
