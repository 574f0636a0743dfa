/** What a figure was measured on, when and how. */
import { availableParallelism, cpus, loadavg } from 'node:os';

export interface Provenance {
  readonly date: string;
  readonly command: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly node: string;
    /** Processes that wanted a core when the benchmark began: other people's work slows everybody down. */
    readonly load: number;
  };
}

export const provenance = (command: string): Provenance => ({
  date: new Date().toISOString().slice(0, 10),
  command,
  machine: {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    load: Math.round(10 * loadavg()[0]!) / 10,
  },
});

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Four significant digits: what a timing on a shared machine is worth at most. */
export const rounded = (value: number): number => Number(value.toPrecision(4));
