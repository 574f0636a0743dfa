import type { AdmissionLimits, Refusal } from './admission.ts';

export interface BatcherSettings<T = undefined> extends AdmissionLimits {
  /**
   * Batches that the engine may have at once: while it computes one, the next is on its way. A further one goes only
   * when it would be at least half full: small ones are better off together.
   */
  readonly maxInFlight: number;
  /**
   * Runs a batch and returns `[rows, anything]`. `values` are, one behind the other, `[rows, size]`, borrowed from the
   * requests. The engine runs batches in order, one by one.
   */
  readonly run: (
    key: string,
    rows: number,
    values: readonly Float32Array[],
    tags: readonly T[],
  ) => Promise<Float32Array>;
  /**
   * Undefined when rows of a key may run now. Otherwise they wait until the promise resolves, and fail with what it
   * rejects with; it must settle.
   */
  readonly readiness?: (key: string) => Promise<void> | undefined;
  /**
   * Whether the engine went away under a batch that failed so. Its requests run again once, each alone, so that one
   * that the engine cannot stand takes no other with it.
   */
  readonly isEngineGone?: (error: unknown) => boolean;
  /** Monotonic milliseconds: what deadlines are compared with and durations taken from. */
  readonly clock: () => number;
  readonly observer?: BatcherObserver;
}

/** Hears what the batcher does. */
export interface BatcherObserver {
  pending(rows: number): void;
  dispatched(rows: number, reason: DispatchReason): void;
  /** Between arrival and the first row's batch, for a request of the key. */
  waited(seconds: number, key: string): void;
  rejected(reason: Refusal | 'deadline' | 'cancelled' | 'draining'): void;
  /** Requests that run again because the engine went away. */
  retried(requests: number): void;
}

/** What let a batch go: an idle engine, a full batch, an answer, or room for one more beside those in flight. */
export type DispatchReason = 'idle' | 'full' | 'engine_free' | 'ahead';
