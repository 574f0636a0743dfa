/**
 * Batches rows across callers while the engine is busy: goes at once when it is idle, never waits for more. Sizes are
 * counted in rows. Rows whose deadline passes or whose caller leaves are dropped before they run, and what cannot be
 * answered in time is refused when it comes.
 */
import { VigilError } from '../errors.ts';
import { refusalOf } from './admission.ts';
import { type Batch, rowsOf, shareResult } from './batch.ts';
import { Deadlines } from './deadlines.ts';
import { Flights, type Seat } from './flights.ts';
import type { Lane } from './lane.ts';
import { BatchTimePredictor } from './predictor.ts';
import { Entry, type RowRequest } from './request.ts';
import { RowQueue } from './row-queue.ts';
import type { BatcherObserver, BatcherSettings, DispatchReason } from './settings.ts';

/** A batch that goes now. */
interface Departure<T> {
  readonly lane: Lane<T>;
  readonly seat: Seat;
  /** At most so many. */
  readonly rows: number;
  /** Whether it is as large as batches may be. */
  readonly full: boolean;
}

export class Batcher<T = undefined> {
  readonly #settings: BatcherSettings<T>;
  readonly #queue = new RowQueue<T>();
  readonly #flights: Flights;
  readonly #deadlines: Deadlines<T>;
  /** Keys that cannot run now. */
  readonly #held = new Set<string>();
  #draining = false;
  #drained: (() => void)[] = [];

  constructor(settings: BatcherSettings<T>) {
    this.#settings = settings;
    this.#flights = new Flights(new BatchTimePredictor(), settings);
    this.#deadlines = new Deadlines(settings.clock, (entry) =>
      this.#drop(entry, 'deadline', deadlineError()),
    );
  }

  /** Rows that wait. */
  get pendingRows(): number {
    return this.#queue.rows;
  }

  /**
   * The result rows of the request, in order. Errors: QUEUE_FULL, DEADLINE_UNREACHABLE, DEADLINE_EXCEEDED, the
   * signal's reason, SHUTTING_DOWN, or what `run` or `readiness` rejected with.
   */
  submit(request: RowRequest<T>): Promise<Float32Array> {
    const refusal = this.#refusal(request);
    if (refusal) {
      this.#settings.observer?.rejected(refusal.reason);
      return Promise.reject(refusal.error);
    }
    return new Promise((resolve, reject) => {
      const entry = new Entry(request, this.#settings.clock(), resolve, reject);
      const { signal } = request;
      if (signal) {
        // Named first: V8 puts a function that is assigned to a property where it is written among the old objects, and
        // all that it sees, the rows of the request too, would live until the next major collection.
        const onAbort = (): void => this.#drop(entry, 'cancelled', signal.reason);
        entry.onAbort = onAbort;
        signal.addEventListener('abort', onAbort);
      }
      this.#queue.push(entry);
      this.#deadlines.add(entry);
      this.#settings.observer?.pending(this.#queue.rows);
      this.#pump('idle');
    });
  }

  /** What a request of one row would be refused with because of those that wait; counted as refused. */
  refuseOne(deadline: number | undefined): VigilError | undefined {
    const pendingRows = this.#queue.rows;
    if (pendingRows === 0) return undefined;
    const state = { pendingRows, now: this.#settings.clock() };
    const refusal = refusalOf({ rows: 1, deadline }, state, this.#settings, this.#flights);
    if (refusal) this.#settings.observer?.rejected(refusal.reason);
    return refusal?.error;
  }

  /** Refuses new rows and resolves when those accepted are answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#empty) return;
    await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  get #empty(): boolean {
    return this.#flights.count === 0 && this.#queue.rows === 0;
  }

  #refusal(
    request: RowRequest<T>,
  ): { reason: Parameters<BatcherObserver['rejected']>[0]; error: unknown } | undefined {
    const { signal, deadline } = request;
    if (this.#draining)
      return { reason: 'draining', error: new VigilError('SHUTTING_DOWN', 'the server is shutting down') };
    if (signal?.aborted) return { reason: 'cancelled', error: signal.reason };
    const pendingRows = this.#queue.rows;
    if (pendingRows === 0 && deadline === undefined) return undefined;
    const now = this.#settings.clock();
    if (deadline !== undefined && deadline <= now) return { reason: 'deadline', error: deadlineError() };
    if (pendingRows === 0) return undefined;
    return refusalOf(request, { pendingRows, now }, this.#settings, this.#flights);
  }

  /** Sends what may go now. */
  #pump(reason: 'idle' | 'engine_free'): void {
    if (this.#flights.seat()) {
      this.#deadlines.expire();
      for (let next = this.#next(); next; next = this.#next()) this.#send(next, reason);
    }
    if (this.#empty) for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** The lane whose rows go now, and where; undefined when none may. */
  #next(): Departure<T> | undefined {
    const { readiness } = this.#settings;
    const { count, alone } = this.#flights;
    const most = this.#flights.full;
    const seat = alone ? undefined : this.#flights.seat();
    if (!seat) return undefined;
    for (;;) {
      const lane = this.#queue.next((key) => !this.#held.has(key));
      if (!lane || (count > 0 && lane.alone)) return undefined;
      if (!seat.idle && 2 * lane.rows < most) return undefined;
      const ready = readiness?.(lane.key);
      // Idle instances share what waits.
      const share = seat.idle ? Math.ceil(lane.rows / seat.idleInstances) : lane.rows;
      const rows = this.#flights.rowsOf(Math.min(share, most));
      if (!ready) return { lane, seat, rows, full: share >= most };
      this.#hold(lane.key, ready);
    }
  }

  #hold(key: string, ready: Promise<void>): void {
    this.#held.add(key);
    ready
      .catch((error: unknown) => {
        for (const entry of this.#queue.entriesOf(key)) this.#fail(entry, error);
      })
      .finally(() => {
        this.#held.delete(key);
        this.#pump('idle');
      });
  }

  #send({ lane, seat: { instance, idle }, rows: most, full }: Departure<T>, reason: DispatchReason): void {
    const { observer, clock, run } = this.#settings;
    const batch = this.#queue.take(lane, most, ({ since }) =>
      observer?.waited((clock() - since) / 1000, lane.key),
    );
    const { key, rows, parts } = batch;
    observer?.pending(this.#queue.rows);
    observer?.dispatched(rows, full ? 'full' : idle ? reason : 'ahead');
    const over = this.#flights.send(batch, instance);
    const tags = parts.map(({ entry }) => entry.request.tag);
    run({ key, rows, values: rowsOf(batch), tags, instance })
      .then(
        (result) => {
          over(true);
          for (const entry of shareResult(batch, result))
            this.#settle(entry, () => entry.resolve(entry.result!));
        },
        (error: unknown) => {
          over(false);
          this.#failed(batch, error);
        },
      )
      .finally(() => this.#pump('engine_free'));
  }

  /** Requests under which the engine went away for the first time go to the front, to run alone. */
  #failed({ parts }: Batch<T>, error: unknown): void {
    const { isEngineGone, observer } = this.#settings;
    const gone = isEngineGone?.(error) ?? false;
    let retried = 0;
    for (const { entry, attempt } of parts) {
      if (entry.settled || entry.attempt !== attempt) continue;
      if (!gone || attempt > 0) {
        this.#fail(entry, error);
        continue;
      }
      this.#queue.drop(entry);
      entry.restart();
      this.#queue.push(entry, true);
      retried += 1;
    }
    if (retried === 0) return;
    observer?.retried(retried);
    observer?.pending(this.#queue.rows);
  }

  #drop(entry: Entry<T>, reason: 'deadline' | 'cancelled', error: unknown): void {
    if (entry.settled) return;
    this.#settings.observer?.rejected(reason);
    this.#fail(entry, error);
    if (this.#draining) this.#pump('idle');
  }

  #fail(entry: Entry<T>, error: unknown): void {
    this.#queue.drop(entry);
    this.#settings.observer?.pending(this.#queue.rows);
    this.#settle(entry, () => entry.reject(error));
  }

  #settle(entry: Entry<T>, answer: () => void): void {
    if (entry.settled) return;
    entry.settled = true;
    this.#deadlines.remove(entry);
    if (entry.onAbort) entry.request.signal?.removeEventListener('abort', entry.onAbort);
    answer();
  }
}

function deadlineError(): VigilError {
  return new VigilError('DEADLINE_EXCEEDED', 'the deadline passed before the rows could run');
}
