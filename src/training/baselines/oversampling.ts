import type { Regime } from '../phase.ts';
import { CLASSIFIER_ONLY } from '../regimes/classifier-only.ts';

/** Random oversampling: C's batches hold as many rows of every class, so rows of sparse classes come round more often. */
export const OVERSAMPLING: Regime = {
  ...CLASSIFIER_ONLY,
  name: 'oversampling',
  recipe: { batches: 'balanced' },
};
