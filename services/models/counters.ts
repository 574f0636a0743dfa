/** What every version has done since the server started: requests, waits and batches, counted where they happen. */

/** How often, and how long all together. */
export interface Tally {
  count: number;
  seconds: number;
}

/** Of one version. */
export interface VersionCounters {
  /** Epoch milliseconds of the last run; 0 for never. */
  lastRun: number;
  /** Rows that ran. */
  rows: number;
  /** Requests that were answered, and those that were not, from the queue to the end. */
  readonly succeeded: Tally;
  readonly failed: Tally;
  /** Waits of requests for the engine. */
  readonly waited: Tally;
  /** The engine's time for all requests: the whole batch's for each request in it. */
  computeSeconds: number;
  /** Runs by number of rows. */
  readonly batches: Map<number, Tally>;
}

export class ModelCounters {
  readonly #versions = new Map<string, VersionCounters>();
  readonly #now: () => number;

  /** `now` is in epoch milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Zeros for a version that nobody has asked. Borrowed: it goes on counting. */
  of(version: string): Readonly<VersionCounters> {
    return this.#of(version);
  }

  /** A request's way through the queue and the engine. */
  async request<T>(version: string, work: () => Promise<T>): Promise<T> {
    const counters = this.#of(version);
    const began = performance.now();
    let outcome = counters.failed;
    try {
      const result = await work();
      outcome = counters.succeeded;
      return result;
    } finally {
      add(outcome, 1, (performance.now() - began) / 1000);
    }
  }

  /** A request began to run. */
  waited(version: string, seconds: number): void {
    add(this.#of(version).waited, 1, seconds);
  }

  /** A batch with rows of so many requests has run. */
  ran(version: string, rows: number, requests: number, seconds: number): void {
    const counters = this.#of(version);
    counters.lastRun = this.#now();
    counters.rows += rows;
    counters.computeSeconds += requests * seconds;
    let batches = counters.batches.get(rows);
    if (!batches) {
      batches = none();
      counters.batches.set(rows, batches);
    }
    add(batches, 1, seconds);
  }

  #of(version: string): VersionCounters {
    let counters = this.#versions.get(version);
    if (!counters) {
      counters = {
        lastRun: 0,
        rows: 0,
        succeeded: none(),
        failed: none(),
        waited: none(),
        computeSeconds: 0,
        batches: new Map(),
      };
      this.#versions.set(version, counters);
    }
    return counters;
  }
}

const none = (): Tally => ({ count: 0, seconds: 0 });

function add(tally: Tally, count: number, seconds: number): void {
  tally.count += count;
  tally.seconds += seconds;
}
