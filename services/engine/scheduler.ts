/** Classes of work in the engine process, most urgent first. */
export const PRIORITIES = ['classify', 'synthesize', 'load', 'train', 'shadow'] as const;
export type Priority = (typeof PRIORITIES)[number];

/**
 * How often work of a class is passed over by more urgent work before it is its turn. The first is never passed over.
 * Under endless Classify, Synthesize has every ninth piece, and a training still gets its steps.
 */
export const PATIENCE: Readonly<Record<Exclude<Priority, 'classify'>, number>> = {
  synthesize: 8,
  load: 16,
  train: 32,
  // A copy of somebody's answered rows: it can wait for ever, and is dropped before it does.
  shadow: Number.POSITIVE_INFINITY,
};

interface WorkQueue {
  readonly patience: number;
  readonly work: (() => Promise<void>)[];
  /** Pieces of more urgent classes that ran since the first one here waits. */
  passed: number;
}

/**
 * Runs one piece of work at a time: the most urgent first, in order within a class, and no class is passed over more
 * often than `PATIENCE` says. Where several have waited long enough the least urgent goes, whose turns are rarest; so
 * the first piece of a class waits for at most its patience and one piece of each class below.
 */
export class Scheduler {
  readonly #queues: readonly WorkQueue[] = PRIORITIES.map((priority) => ({
    patience: priority === 'classify' ? Number.POSITIVE_INFINITY : PATIENCE[priority],
    work: [],
    passed: 0,
  }));
  #running = false;

  /** Resolves or rejects as `work` does. */
  run<T>(priority: Priority, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queues[PRIORITIES.indexOf(priority)]!.work.push(() => work().then(resolve, reject));
      if (!this.#running) void this.#drain();
    });
  }

  /**
   * Resolves when it is the turn of a training's next step: when nothing is queued or running, or when it has waited
   * long enough. The step runs beside the work that comes meanwhile, which does not wait for its end.
   */
  turn(): Promise<void> {
    return this.run('train', async () => {});
  }

  async #drain(): Promise<void> {
    this.#running = true;
    for (let next = this.#next(); next; next = this.#next()) await next();
    this.#running = false;
  }

  #next(): (() => Promise<void>) | undefined {
    const waiting = this.#queues.filter(({ work }) => work.length > 0);
    const chosen = waiting.findLast(({ passed, patience }) => passed >= patience) ?? waiting[0];
    if (!chosen) return undefined;
    for (const queue of waiting.slice(waiting.indexOf(chosen) + 1)) queue.passed += 1;
    chosen.passed = 0;
    return chosen.work.shift();
  }
}
