import type { Batch } from './batch.ts';
import type { BatchTimePredictor } from './predictor.ts';

interface Flight {
  readonly rows: number;
  readonly alone: boolean;
  /** Monotonic milliseconds. */
  readonly sentAt: number;
}

/**
 * The batches that the engine has and has not answered. It runs them one after the other, so one's own time begins
 * when it was sent or the one before was answered, whichever is later.
 */
export class Flights {
  readonly #flights: Flight[] = [];
  readonly #predictor: BatchTimePredictor;
  readonly #clock: () => number;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(predictor: BatchTimePredictor, clock: () => number) {
    this.#predictor = predictor;
    this.#clock = clock;
  }

  get count(): number {
    return this.#flights.length;
  }

  /** Whether one of them must not be joined by others. */
  get alone(): boolean {
    return this.#flights.some(({ alone }) => alone);
  }

  /** Notes a batch; call the result when it is over, with whether it was answered. */
  send<T>({ rows, alone }: Batch<T>): (answered: boolean) => void {
    const flight = { rows, alone, sentAt: this.#clock() };
    this.#flights.push(flight);
    return (answered) => {
      const now = this.#clock();
      this.#flights.splice(this.#flights.indexOf(flight), 1);
      if (answered) this.#predictor.observe(rows, now - Math.max(flight.sentAt, this.#answeredAt));
      this.#answeredAt = now;
    };
  }

  /** Milliseconds until all of them are answered, as predicted. */
  remaining(): number {
    let total = 0;
    for (const [i, { rows, sentAt }] of this.#flights.entries()) {
      const expected = this.#predictor.time(rows, rows) ?? 0;
      const spent = i === 0 ? this.#clock() - Math.max(sentAt, this.#answeredAt) : 0;
      total += Math.max(0, expected - spent);
    }
    return total;
  }
}
