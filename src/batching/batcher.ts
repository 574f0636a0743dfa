/**
 * Batches rows across callers while the engine is busy: goes at once when it is idle, never waits for more. Sizes are
 * counted in rows. Rows whose deadline passes or whose caller leaves are dropped before they run.
 */
import { VigilError } from '../errors.ts';

/** Rows of one caller. */
export interface RowRequest<T = undefined> {
  /** Rows of different keys (model versions) never share a batch. */
  readonly key: string;
  readonly rows: number;
  /** `[rows, size]`; borrowed until the result settles. */
  readonly values: Float32Array;
  /** Epoch milliseconds; undefined for none. */
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The first so many values of every result row are the caller's: `run` may return more, for others in the batch. All by default. */
  readonly columns?: number | undefined;
  /** Anything of the caller's; `run` gets the tags of the requests in its batch. */
  readonly tag: T;
}

export interface BatcherSettings<T = undefined> {
  readonly maxBatchRows: number;
  /** Most rows that wait; more are QUEUE_FULL. */
  readonly maxPendingRows: number;
  /** Runs a batch, `[rows, size]`, and returns `[rows, anything]`. One at a time. */
  readonly run: (
    key: string,
    rows: number,
    values: Float32Array,
    tags: readonly T[],
  ) => Promise<Float32Array>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly observer?: BatcherObserver;
}

/** Hears what the batcher does. */
export interface BatcherObserver {
  pending(rows: number): void;
  dispatched(rows: number, reason: 'idle' | 'full' | 'engine_free'): void;
  /** Between arrival and the first row's batch, for a request of the key. */
  waited(seconds: number, key: string): void;
  rejected(reason: 'queue_full' | 'deadline' | 'cancelled' | 'draining'): void;
}

/** A request in the queue: part of it may have run already. */
interface Entry<T> {
  readonly request: RowRequest<T>;
  readonly since: number;
  /** Rows given to the engine so far, and rows answered. */
  taken: number;
  answered: number;
  result: Float32Array | undefined;
  settled: boolean;
  resolve(result: Float32Array): void;
  reject(error: unknown): void;
}

interface Part<T> {
  readonly entry: Entry<T>;
  readonly from: number;
  readonly rows: number;
}

/** When a refused caller should come back: about the time of a full queue on a slow engine. */
const RETRY_AFTER_MS = 100;
/** Longest delay that timers take. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class Batcher<T = undefined> {
  readonly #settings: BatcherSettings<T>;
  readonly #queue: Entry<T>[] = [];
  #pending = 0;
  #busy = false;
  #draining = false;
  #idle: (() => void)[] = [];
  #timer: { at: number; handle: NodeJS.Timeout } | undefined;

  constructor(settings: BatcherSettings<T>) {
    this.#settings = settings;
  }

  /** Rows that wait. */
  get pendingRows(): number {
    return this.#pending;
  }

  /**
   * The result rows of the request, in order. Errors: QUEUE_FULL, DEADLINE_EXCEEDED, CANCELLED, SHUTTING_DOWN, or
   * what `run` rejected with.
   */
  submit(request: RowRequest<T>): Promise<Float32Array> {
    const { observer, maxPendingRows, now } = this.#settings;
    const refuse = (reason: Parameters<BatcherObserver['rejected']>[0], error: unknown): Promise<never> => {
      observer?.rejected(reason);
      return Promise.reject(error);
    };
    if (this.#draining)
      return refuse('draining', new VigilError('SHUTTING_DOWN', 'the server is shutting down'));
    if (request.signal?.aborted) return refuse('cancelled', request.signal.reason);
    if (request.deadline !== undefined && request.deadline <= now())
      return refuse('deadline', deadlineError());
    // A request larger than the queue is let in when the queue is empty: it could never run otherwise.
    if (this.#pending > 0 && this.#pending + request.rows > maxPendingRows) {
      const message = `${this.#pending} rows wait already; at most ${maxPendingRows} may`;
      return refuse('queue_full', new VigilError('QUEUE_FULL', message, { retryAfterMs: RETRY_AFTER_MS }));
    }
    return new Promise((resolve, reject) => {
      const entry: Entry<T> = {
        request,
        since: now(),
        taken: 0,
        answered: 0,
        result: undefined,
        settled: false,
        resolve,
        reject,
      };
      const aborted = (): void => this.#drop(entry, 'cancelled', request.signal?.reason);
      request.signal?.addEventListener('abort', aborted, { once: true });
      const settle =
        <V>(next: (value: V) => void) =>
        (value: V): void => {
          if (entry.settled) return;
          entry.settled = true;
          request.signal?.removeEventListener('abort', aborted);
          next(value);
        };
      entry.resolve = settle(resolve);
      entry.reject = settle(reject);
      this.#queue.push(entry);
      this.#addPending(request.rows);
      this.#watchDeadline(request.deadline);
      this.#pump('idle');
    });
  }

  /** Refuses new rows and resolves when those accepted are answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (!this.#busy && this.#queue.length === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #addPending(rows: number): void {
    this.#pending += rows;
    this.#settings.observer?.pending(this.#pending);
  }

  #drop(entry: Entry<T>, reason: 'deadline' | 'cancelled', error: unknown): void {
    if (entry.settled) return;
    const at = this.#queue.indexOf(entry);
    if (at >= 0) {
      this.#queue.splice(at, 1);
      this.#addPending(entry.taken - entry.request.rows);
    }
    this.#settings.observer?.rejected(reason);
    entry.reject(error);
  }

  #watchDeadline(deadline: number | undefined): void {
    if (deadline === undefined || (this.#timer && this.#timer.at <= deadline)) return;
    clearTimeout(this.#timer?.handle);
    const delay = Math.min(LONGEST_TIMER, Math.max(0, deadline - this.#settings.now()));
    const handle = setTimeout(() => this.#expire(), delay);
    handle.unref();
    this.#timer = { at: deadline, handle };
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#settings.now();
    for (const entry of [...this.#queue]) {
      if (entry.request.deadline !== undefined && entry.request.deadline <= now)
        this.#drop(entry, 'deadline', deadlineError());
    }
    for (const { request } of this.#queue) this.#watchDeadline(request.deadline);
  }

  /** Takes the next batch: the oldest request's key, in order of arrival. */
  #take(): { key: string; parts: Part<T>[]; rows: number } | undefined {
    this.#expireTaken();
    const first = this.#queue[0];
    if (!first) return undefined;
    const { key } = first.request;
    const parts: Part<T>[] = [];
    let rows = 0;
    for (const entry of [...this.#queue]) {
      if (rows === this.#settings.maxBatchRows) break;
      if (entry.request.key !== key) continue;
      const count = Math.min(entry.request.rows - entry.taken, this.#settings.maxBatchRows - rows);
      parts.push({ entry, from: entry.taken, rows: count });
      if (entry.taken === 0)
        this.#settings.observer?.waited((this.#settings.now() - entry.since) / 1000, key);
      entry.taken += count;
      rows += count;
      if (entry.taken === entry.request.rows) this.#queue.splice(this.#queue.indexOf(entry), 1);
    }
    this.#addPending(-rows);
    return { key, parts, rows };
  }

  /** Deadlines that passed while a batch ran, before their timer could fire. */
  #expireTaken(): void {
    if (this.#timer && this.#timer.at <= this.#settings.now()) {
      clearTimeout(this.#timer.handle);
      this.#expire();
    }
  }

  #pump(reason: 'idle' | 'engine_free'): void {
    if (this.#busy) return;
    const batch = this.#take();
    if (!batch) {
      if (this.#queue.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#busy = true;
    const full = batch.rows === this.#settings.maxBatchRows;
    this.#settings.observer?.dispatched(batch.rows, full ? 'full' : reason);
    this.#settings
      .run(
        batch.key,
        batch.rows,
        joined(batch.parts, batch.rows),
        batch.parts.map(({ entry }) => entry.request.tag),
      )
      .then(
        (result) => deliver(batch.parts, batch.rows, result),
        (error) => {
          for (const { entry } of batch.parts) this.#fail(entry, error);
        },
      )
      .finally(() => {
        this.#busy = false;
        this.#pump('engine_free');
      });
  }

  #fail(entry: Entry<T>, error: unknown): void {
    const at = this.#queue.indexOf(entry);
    if (at >= 0) {
      this.#queue.splice(at, 1);
      this.#addPending(entry.taken - entry.request.rows);
    }
    entry.reject(error);
  }
}

function deadlineError(): VigilError {
  return new VigilError('DEADLINE_EXCEEDED', 'the deadline passed before the rows could run');
}

/** The parts' rows in one array; a single whole request is passed on without a copy. */
function joined<T>(parts: readonly Part<T>[], rows: number): Float32Array {
  const [{ entry: first }] = parts as [Part<T>];
  if (parts.length === 1 && first.request.rows === rows) return first.request.values;
  const size = first.request.values.length / first.request.rows;
  const values = new Float32Array(rows * size);
  let at = 0;
  for (const { entry, from, rows: count } of parts) {
    values.set(entry.request.values.subarray(from * size, (from + count) * size), at);
    at += count * size;
  }
  return values;
}

function deliver<T>(parts: readonly Part<T>[], rows: number, result: Float32Array): void {
  const width = result.length / rows;
  let at = 0;
  for (const { entry, from, rows: count } of parts) {
    const { rows: asked, columns = width } = entry.request;
    entry.result ??= new Float32Array(asked * columns);
    if (columns === width) entry.result.set(result.subarray(at, at + count * width), from * width);
    else
      for (let row = 0; row < count; row++) {
        const start = at + row * width;
        entry.result.set(result.subarray(start, start + columns), (from + row) * columns);
      }
    at += count * width;
    entry.answered += count;
    if (entry.answered === entry.request.rows) entry.resolve(entry.result);
  }
}
