/** Interleaved timing: in every round every contender takes its turn at every work, so that a noisy machine hits all alike. */
import { setTimeout } from 'node:timers/promises';
import { median, rounded } from '../machine.ts';
import type { Contender, Identity } from './contender.ts';
import type { Work } from './protocol.ts';

/** A work at a number of rows: the batch of a step, or the rows of a forward pass. */
export interface Job {
  readonly work: Work | 'matrix-product';
  readonly rows: number;
}

export interface Pace {
  readonly rounds: number;
  /** Least milliseconds and runs of one turn. */
  readonly milliseconds: number;
  readonly least: number;
}

/** One line of the results. */
export interface Row extends Identity {
  readonly work: Job['work'];
  readonly batch: number;
  /** Over all runs of all rounds. */
  readonly medianMs: number;
  readonly minMs: number;
  readonly runs: number;
}

/** Threads of a process that just finished may spin for a moment. */
const SETTLE_MS = 3;

/** `takesPart` says who does what; a first round of every job is not counted, because programs are compiled then. */
export async function measureRounds(
  contenders: readonly Contender[],
  jobs: readonly Job[],
  pace: Pace,
  takesPart: (contender: Contender, job: Job) => boolean = () => true,
): Promise<Row[]> {
  const entries = jobs.flatMap((job) =>
    contenders.filter((each) => takesPart(each, job)).map((each) => ({ job, each, times: [] as number[] })),
  );
  for (let round = 0; round <= pace.rounds; round++) {
    for (const { job, each, times } of entries) {
      const turn = round === 0 ? { milliseconds: 0, least: 1 } : pace;
      const request = { ...job, milliseconds: turn.milliseconds, least: turn.least };
      const reply = await each.ask('time', request);
      if (round > 0) times.push(...reply.times);
      await setTimeout(SETTLE_MS);
    }
  }
  return entries.map(({ job, each: { engine, variant, threads, device }, times }) => ({
    work: job.work,
    engine,
    ...(variant === undefined ? {} : { variant }),
    threads,
    device,
    batch: job.rows,
    medianMs: rounded(median(times)),
    minMs: rounded(Math.min(...times)),
    runs: times.length,
  }));
}
