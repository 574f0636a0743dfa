import type { Regime } from '../phase.ts';
import { CLASSIFIER_ONLY } from '../regimes/classifier-only.ts';

/** Logit-adjusted loss (Menon et al. 2021): C learns what is left once the class shares are accounted for. */
export const LOGIT_ADJUSTED: Regime = {
  ...CLASSIFIER_ONLY,
  name: 'logit_adjusted',
  recipe: { loss: 'logit_adjusted' },
};
