import { ARCHITECTURES } from './architectures.ts';
import { BASELINES } from './baselines.ts';
import type { Experiment, ExperimentName } from './experiment.ts';
import { FIGURE2 } from './figure2.ts';
import { RECIPE } from './recipe.ts';
import { TABLE1 } from './table1.ts';
import { TABLE2 } from './table2.ts';

/** Every experiment by name. */
export const EXPERIMENTS: Readonly<Record<ExperimentName, Experiment>> = {
  table1: TABLE1,
  table2: TABLE2,
  baselines: BASELINES,
  figure2: FIGURE2,
  recipe: RECIPE,
  architectures: ARCHITECTURES,
};
