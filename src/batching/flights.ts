import type { Batch } from './batch.ts';
import { type BatchSizes, batchRows, fullBatch, paddedRows } from './batch-size.ts';
import type { BatchTimePredictor } from './predictor.ts';
import type { BatcherSettings } from './settings.ts';

type FlightSettings = BatchSizes & Pick<BatcherSettings, 'clock' | 'maxInFlight' | 'instances'>;

interface Flight {
  /** That the engine runs, those that are padded included. */
  readonly rows: number;
  readonly alone: boolean;
  /** Monotonic milliseconds. */
  readonly sentAt: number;
}

/** An instance runs its batches one after the other: one's own time begins when it was sent or the one before was answered, whichever is later. */
interface Instance {
  readonly flights: Flight[];
  answeredAt: number;
}

/** Where the next batch goes. */
export interface Seat {
  readonly instance: number;
  /** Whether it starts at once. */
  readonly idle: boolean;
  /** Instances that would start a batch at once, this one among them. */
  readonly idleInstances: number;
}

/** The batches that the engine has and has not answered. */
export class Flights {
  readonly #predictor: BatchTimePredictor;
  readonly #settings: FlightSettings;
  readonly #instances: Instance[] = [];

  constructor(predictor: BatchTimePredictor, settings: FlightSettings) {
    this.#predictor = predictor;
    this.#settings = settings;
  }

  get count(): number {
    return this.#instances.reduce((sum, { flights }) => sum + flights.length, 0);
  }

  /** Whether one of them must not be joined by others. */
  get alone(): boolean {
    return this.#instances.some(({ flights }) => flights.some(({ alone }) => alone));
  }

  /** Rows of a batch that need not wait for more. */
  get full(): number {
    return fullBatch(this.#settings, this.#predictor);
  }

  /** How many of so many rows go together. */
  rowsOf(rows: number): number {
    return batchRows(rows, this.#settings, this.#predictor);
  }

  /** At the instance that has least to do; undefined when none may have more. */
  seat(): Seat | undefined {
    const { maxInFlight } = this.#settings;
    const among = this.#among();
    const depth = Math.max(Math.min(2, maxInFlight), Math.ceil(maxInFlight / among));
    let found = -1;
    let least = depth;
    let idleInstances = 0;
    for (let at = 0; at < among; at++) {
      const { length } = this.#instances[at]!.flights;
      if (length === 0) idleInstances += 1;
      if (length >= least) continue;
      least = length;
      found = at;
    }
    return found < 0 ? undefined : { instance: found, idle: least === 0, idleInstances };
  }

  /** Notes a batch; call the result when it is over, with whether it was answered. */
  send<T>({ rows, alone }: Batch<T>, instance: number): (answered: boolean) => void {
    const { clock } = this.#settings;
    const flight = { rows: paddedRows(rows, this.#settings), alone, sentAt: clock() };
    const own = this.#instances[instance]!;
    own.flights.push(flight);
    return (answered) => {
      const now = clock();
      own.flights.splice(own.flights.indexOf(flight), 1);
      if (answered) this.#predictor.observe(flight.rows, now - Math.max(flight.sentAt, own.answeredAt));
      own.answeredAt = now;
    };
  }

  /** Milliseconds until all of them are answered, as predicted. */
  remaining(): number {
    const now = this.#settings.clock();
    let total = 0;
    for (const { flights, answeredAt } of this.#instances)
      for (const [i, { rows, sentAt }] of flights.entries()) {
        const expected = this.#predictor.time(rows, rows) ?? 0;
        const spent = i === 0 ? now - Math.max(sentAt, answeredAt) : 0;
        total += Math.max(0, expected - spent);
      }
    return total / this.#among();
  }

  /** Milliseconds in which the engine does so many rows in full batches, as predicted; undefined when nothing can be. */
  time(rows: number): number | undefined {
    const alone = this.#predictor.time(rows, this.full);
    return alone === undefined ? undefined : alone / this.#among();
  }

  /** Instances of the moment. */
  #among(): number {
    const among = this.#settings.instances?.() ?? 1;
    while (this.#instances.length < among)
      this.#instances.push({ flights: [], answeredAt: Number.NEGATIVE_INFINITY });
    return among;
  }
}
