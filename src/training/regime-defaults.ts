import type { RegimeName, TrainingOptions } from './options.ts';

/** Where a regime's defaults are not those of the paper. */
export const REGIME_DEFAULTS: Readonly<Partial<Record<RegimeName, Partial<TrainingOptions>>>> = {
  // What it is worth, docs/results says.
  joint_recommended: { diversity: 'mode_seeking', diversityWeight: 0.3, syntheticMixing: 0.5 },
};
