/** Classes of work in the engine process, most urgent first. */
export const PRIORITIES = ['classify', 'synthesize', 'load', 'shadow'] as const;
export type Priority = (typeof PRIORITIES)[number];

/**
 * Runs one piece of work at a time, the most urgent first, in order within a class. A training asks `idle` between its
 * steps and so comes last.
 */
export class Scheduler {
  readonly #queues: Readonly<Record<Priority, (() => Promise<void>)[]>> = {
    classify: [],
    synthesize: [],
    load: [],
    shadow: [],
  };
  #running: Promise<void> | undefined;

  /** Resolves or rejects as `work` does. */
  run<T>(priority: Priority, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queues[priority].push(() => work().then(resolve, reject));
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing is queued or running. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #drain(): Promise<void> {
    for (let next = this.#next(); next; next = this.#next()) await next();
    this.#running = undefined;
  }

  #next(): (() => Promise<void>) | undefined {
    for (const priority of PRIORITIES) {
      const work = this.#queues[priority].shift();
      if (work) return work;
    }
    return undefined;
  }
}
