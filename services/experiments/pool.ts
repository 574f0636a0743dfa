/** Engine processes that share a list of jobs, one job at a time each. */
import { VigilError } from '../../src/errors.ts';
import type { FigureOutcome } from '../../src/experiments/figure-points.ts';
import type { RunJob, RunOutcome } from '../../src/experiments/run-result.ts';
import type { TrainingProgress } from '../../src/training/progress.ts';
import { EngineHost, type EngineHostSettings } from '../engine/host.ts';
import type { EngineInfo } from '../engine/protocol.ts';

/** A job and the engine call that does it. */
export interface PoolJob {
  readonly call: 'experiment' | 'figure';
  readonly job: RunJob;
}

type Finished = Extract<RunOutcome | FigureOutcome, { kind: 'finished' }>;

export interface PoolEvents {
  readonly onProgress: (id: string, progress: TrainingProgress) => void;
  /** Awaited before the process takes its next job. */
  readonly onFinished: (job: PoolJob, outcome: Finished) => Promise<void>;
}

/** A process that dies is started again and its job goes on from the checkpoint, so many times for a job. */
const ATTEMPTS = 3;
/** One step, one evaluation or one embedding at a time; nothing here takes as long. */
const HUNG_AFTER_MS = 600_000;
/** How long a process may take to start again. */
const RESTART_MS = 60_000;

export class ExperimentPool {
  readonly #hosts: readonly EngineHost[];
  /** The job that each process is at. */
  readonly #current = new Map<EngineHost, string>();
  #stopping = false;

  private constructor(hosts: readonly EngineHost[]) {
    this.#hosts = hosts;
  }

  /** Starts `size` processes on one engine each. ENGINE_REFUSED when it cannot run here; the caller closes. */
  static async open(
    size: number,
    settings: Omit<EngineHostSettings, 'role' | 'threads'>,
  ): Promise<ExperimentPool> {
    const starts = Array.from({ length: size }, () =>
      EngineHost.open({ ...settings, role: 'train', threads: 1, silentMs: HUNG_AFTER_MS }),
    );
    const started = await Promise.allSettled(starts);
    const hosts = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const refused = started.find((each) => each.status === 'rejected');
    if (!refused) return new ExperimentPool(hosts);
    await Promise.all(hosts.map((host) => host.close()));
    throw refused.reason;
  }

  /** The engine that all of them run. */
  get info(): EngineInfo {
    return this.#hosts.find(({ info }) => info)!.info!;
  }

  /**
   * Does the jobs in order, as processes come free. Resolves when all are done, or with false once `stop` was asked and every
   * process has stopped. Rejects with the first failure, after the others stopped.
   */
  async run(jobs: readonly PoolJob[], events: PoolEvents): Promise<boolean> {
    const waiting = [...jobs];
    const failures: unknown[] = [];
    const work = async (host: EngineHost): Promise<void> => {
      for (let next = waiting.shift(); next && !this.#stopping; next = waiting.shift()) {
        const outcome = await this.#do(host, next);
        if (outcome?.kind !== 'finished') return;
        await events.onFinished(next, outcome);
      }
    };
    const unsubscribe = this.#hosts.map((host) =>
      host.onTraining((id, { progress }) => events.onProgress(id, progress)),
    );
    try {
      await Promise.all(
        this.#hosts.map((host) =>
          work(host).catch((error: unknown) => {
            failures.push(error);
            this.stop();
          }),
        ),
      );
    } finally {
      for (const leave of unsubscribe) leave();
    }
    if (failures.length > 0) throw failures[0];
    return !this.#stopping;
  }

  /** Asks every process to stop at its next step; what is done since the last checkpoint is done again another time. */
  stop(): void {
    this.#stopping = true;
    for (const [host, run] of this.#current)
      host.call('stopTraining', { run, reason: 'stop' }).catch(() => {});
  }

  async close(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.close()));
  }

  /** Undefined when it was to stop before the job began. */
  async #do(host: EngineHost, { call, job }: PoolJob): Promise<RunOutcome | FigureOutcome | undefined> {
    this.#current.set(host, job.id);
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          await ready(host);
          // A process that was starting again did not hear of it.
          if (this.#stopping) return undefined;
          return await host.call(call, job);
        } catch (error) {
          const died = error instanceof VigilError && error.code === 'ENGINE_UNAVAILABLE';
          if (!died || attempt === ATTEMPTS || this.#stopping) throw named(job.id, error);
        }
      }
    } finally {
      this.#current.delete(host);
    }
  }
}

/** Waits a while for a process that is being started again; the call after it fails when it is not there by then. */
function ready(host: EngineHost): Promise<void> {
  if (host.info) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      leave();
      resolve();
    };
    const timer = setTimeout(done, RESTART_MS);
    const leave = host.onUp(done);
  });
}

/** Which run it was. */
function named(id: string, error: unknown): unknown {
  if (!(error instanceof VigilError)) return error;
  const { code, message, fields, metadata } = error;
  return new VigilError(code, `run ${id}: ${message}`, { fields, metadata, cause: error.cause });
}
