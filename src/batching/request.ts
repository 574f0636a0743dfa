/** How a caller says that it waits no longer: what is used of an AbortSignal, which is one. */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Rows of one caller. */
export interface RowRequest<T = undefined> {
  /** Rows of different keys (model versions) never share a batch. */
  readonly key: string;
  /** At least 1. */
  readonly rows: number;
  /** `[rows, size]`; borrowed until the result settles. */
  readonly values: Float32Array;
  /** Monotonic milliseconds, as `BatcherSettings.clock`; undefined for none. */
  readonly deadline?: number | undefined;
  readonly signal?: CancelSignal | undefined;
  /** The first so many values of every result row are the caller's: `run` may return more, for others in the batch. All by default. */
  readonly columns?: number | undefined;
  /** Anything of the caller's; `run` gets the tags of the requests in its batch. */
  readonly tag: T;
}

/** A request that was let in: part of it may have run already. */
export class Entry<T> {
  readonly request: RowRequest<T>;
  /** Monotonic milliseconds of its arrival. */
  readonly since: number;
  /** Rows given to the engine so far, and rows answered. */
  taken = 0;
  answered = 0;
  /** Grows when the engine went away under it: answers of an earlier attempt no longer count. */
  attempt = 0;
  result: Float32Array | undefined;
  settled = false;
  /** Where its rows wait; undefined when none does. A place in any other lane's list is stale. */
  lane: object | undefined;
  /** Its place in the heap of deadlines; -1 when it is in none. */
  heapAt = -1;
  /** Listens to the request's signal until it is settled. */
  onAbort: (() => void) | undefined;
  readonly resolve: (result: Float32Array) => void;
  readonly reject: (error: unknown) => void;

  constructor(
    request: RowRequest<T>,
    since: number,
    resolve: (result: Float32Array) => void,
    reject: (error: unknown) => void,
  ) {
    this.request = request;
    this.since = since;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Rows that no batch has taken. */
  get waiting(): number {
    return this.request.rows - this.taken;
  }

  /** All of it is to run again. */
  restart(): void {
    this.attempt += 1;
    this.taken = 0;
    this.answered = 0;
    this.result = undefined;
  }
}
