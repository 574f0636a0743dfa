import type { Regime } from '../phase.ts';
import { CLASSIFIER_ONLY } from '../regimes/classifier-only.ts';

/** Focal loss (Lin et al. 2017): rows that C gets right count less. */
export const FOCAL: Regime = { ...CLASSIFIER_ONLY, name: 'focal', recipe: { loss: 'focal' } };
