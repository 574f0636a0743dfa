import { gateway } from './gateway.ts';
import { memory } from './memory.ts';
import { overhead } from './overhead.ts';
import { overload } from './overload.ts';
import type { Scenario, ScenarioName } from './scenario.ts';
import { sigterm } from './sigterm.ts';
import { swap } from './swap.ts';
import { training } from './training.ts';
import { whole } from './whole.ts';

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  overhead,
  gateway,
  whole,
  overload,
  swap,
  training,
  sigterm,
  memory,
};
