/** Timing in one process: every contender takes its turn in every round, so that a noisy machine hits all alike. */
import { availableParallelism, cpus } from 'node:os';

export interface Contender {
  readonly name: string;
  run(): Promise<unknown>;
}

export interface Timing {
  readonly name: string;
  /** Milliseconds of one run. */
  readonly median: number;
  readonly fastest: number;
}

const ROUNDS = 15;
const RUNS_PER_ROUND = 10;
const WARM_UP = 10;

/** Medians over rounds of the mean of a round's runs. */
export async function measure(contenders: readonly Contender[]): Promise<Timing[]> {
  const rounds = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (const { run } of contenders) for (let i = 0; i < WARM_UP; i++) await run();
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, run } of contenders) {
      const began = performance.now();
      for (let i = 0; i < RUNS_PER_ROUND; i++) await run();
      rounds.get(name)!.push((performance.now() - began) / RUNS_PER_ROUND);
    }
  }
  return [...rounds].map(([name, times]) => {
    times.sort((a, b) => a - b);
    return { name, median: times[Math.floor(times.length / 2)]!, fastest: times[0]! };
  });
}

/** What a figure was measured on. */
export const machine = (): { cpu: string; cores: number; node: string } => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  node: process.version,
});
