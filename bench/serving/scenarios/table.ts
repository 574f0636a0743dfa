import { gateway } from './gateway.ts';
import { memory } from './memory.ts';
import { overhead } from './overhead.ts';
import { overload } from './overload.ts';
import type { Scenario } from './scenario.ts';
import { sigterm } from './sigterm.ts';
import { swap } from './swap.ts';
import { training } from './training.ts';
import { whole } from './whole.ts';

/** By the name that the command line gives them, in the order of the page. */
export const SCENARIOS = {
  overhead,
  gateway,
  whole,
  overload,
  swap,
  training,
  sigterm,
  memory,
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;
export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[];
