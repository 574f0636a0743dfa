import { diverged } from './divergence.ts';
import type { PendingLosses } from './iteration.ts';
import type { ProgressReporter } from './progress-reporter.ts';

/**
 * Iterations whose losses may be unread at a time. Reading waits for the device; on one with a queue, a few steps ahead
 * keep it busy while the next batch is made. Small, so that a classification never waits behind many steps.
 */
const READ_EVERY = 8;

/** The losses of an epoch: read every few iterations, checked, reported and averaged. */
export class LossLog {
  readonly #reporter: ProgressReporter;
  readonly #checkpointEpoch: number;
  readonly #sums = new Map<string, { sum: number; count: number }>();
  #unread: { iteration: number; seconds: number; read: PendingLosses }[] = [];

  constructor(reporter: ProgressReporter, checkpointEpoch: number) {
    this.#reporter = reporter;
    this.#checkpointEpoch = checkpointEpoch;
  }

  /** `iteration` counts from 1. Errors as `read`. */
  async add(iteration: number, seconds: number, read: PendingLosses): Promise<void> {
    this.#unread.push({ iteration, seconds, read });
    if (this.#unread.length >= READ_EVERY) await this.read();
  }

  /** Reads what is unread. TRAINING_DIVERGED, with iteration and term, at the first loss that is not finite. */
  async read(): Promise<void> {
    const unread = this.#unread;
    this.#unread = [];
    const found = [];
    for (const { iteration, seconds, read } of unread)
      found.push({ iteration, seconds, losses: await read() });
    for (const { iteration, seconds, losses } of found) {
      for (const [term, value] of Object.entries(losses)) {
        if (!Number.isFinite(value)) {
          throw diverged(`loss ${term}`, term, value, iteration, this.#checkpointEpoch);
        }
        const before = this.#sums.get(term) ?? { sum: 0, count: 0 };
        this.#sums.set(term, { sum: before.sum + value, count: before.count + 1 });
      }
      this.#reporter.iterationDone(iteration, losses, seconds);
    }
  }

  /** Mean of every term over the iterations that were read. */
  means(): Record<string, number> {
    return Object.fromEntries([...this.#sums].map(([term, { sum, count }]) => [term, sum / count]));
  }
}
