/** A question about the server beside the plain rates. */
import type { Provenance } from '../../machine.ts';
import type { BenchContext } from '../bench-context.ts';

/** As the command line has them, in the order of the page. */
export const SCENARIO_NAMES = [
  'overhead',
  'gateway',
  'whole',
  'overload',
  'swap',
  'training',
  'sigterm',
  'memory',
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** One number that was asked for. */
export interface Finding {
  /** What it is, in a few words. */
  readonly what: string;
  readonly found: number;
  readonly unit: 'share' | 'times' | 'ms' | 'count' | 'per second' | 'MiB';
  /** What it should be; undefined for a number that only explains. */
  readonly goal?: { readonly least: number } | { readonly most: number };
}

export interface ScenarioResult extends Provenance {
  readonly title: string;
  /** How it was measured, in a sentence or two. */
  readonly how: string;
  readonly findings: readonly Finding[];
}

/** Measures; provenance is added by whoever runs it. */
export type Scenario = (bench: BenchContext) => Promise<Omit<ScenarioResult, keyof Provenance>>;

/** True, false, or undefined where nothing is asked. */
export function isMet({ found, goal }: Finding): boolean | undefined {
  if (!goal) return undefined;
  return 'least' in goal ? found >= goal.least : found <= goal.most;
}
