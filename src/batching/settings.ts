import type { AdmissionLimits, Refusal } from './admission.ts';

export interface BatcherSettings<T = undefined> extends AdmissionLimits {
  /** Rows of a batch at most. */
  readonly maxBatchRows: number;
  /**
   * Batches that the engine may have at once, shared by its instances, of which each may have two or more, unless this is
   * 1: while it computes one, the next is on its way. One behind another goes only when it would be at least half as large
   * as batches are: small ones are better off together.
   */
  readonly maxInFlight: number;
  /** Rows of the batches that the engine runs as they are, ascending; it pads others to the next size. All by default. */
  readonly sizes?: readonly number[];
  /** How many batches the engine of the moment runs side by side; 1 by default. */
  readonly instances?: () => number;
  /** Runs a batch and returns `[rows, anything]`. */
  readonly run: (order: BatchOrder<T>) => Promise<Float32Array>;
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

/** A batch for the engine. */
export interface BatchOrder<T> {
  readonly key: string;
  readonly rows: number;
  /** One behind the other `[rows, size]`, borrowed from the requests. */
  readonly values: readonly Float32Array[];
  /** Of the requests in it. */
  readonly tags: readonly T[];
  /** Who runs it; an instance runs its batches in the order that they are sent. */
  readonly instance: number;
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
