import { VigilError } from '../errors.ts';
import type { Flights } from './flights.ts';
import type { RowRequest } from './request.ts';

export interface AdmissionLimits {
  /** Most rows that wait; more are QUEUE_FULL. */
  readonly maxPendingRows: number;
  /** Longest predicted wait; longer is QUEUE_FULL. 0 for none. */
  readonly maxQueueMs: number;
}

/** What a request would find. */
export interface QueueState {
  readonly pendingRows: number;
  /** Monotonic milliseconds. */
  readonly now: number;
}

/** Predictions err: a request is let in when so many times its predicted time fits into its deadline. */
const HEADROOM = 1.25;
/** When a caller should come back while nothing can be predicted: about a full queue on a slow engine. */
const RETRY_AFTER_MS = 100;

export type Refusal = 'queue_full' | 'queue_time' | 'unreachable';

/**
 * Says at once whether rows that come to a busy engine may wait. Not when the queue has no room, not when it is
 * predicted to take longer than `maxQueueMs`, and not when the deadline would pass first: a caller who is told at
 * once can go elsewhere, and the engine does no work that nobody waits for. With no rows waiting a request is always
 * let in, so a wrong prediction is corrected by the batches that follow it.
 */
export function refusalOf(
  { rows, deadline }: Pick<RowRequest<unknown>, 'rows' | 'deadline'>,
  { pendingRows, now }: QueueState,
  { maxPendingRows, maxQueueMs }: AdmissionLimits,
  flights: Pick<Flights, 'remaining' | 'time'>,
): { reason: Refusal; error: VigilError } | undefined {
  if (pendingRows === 0) return undefined;
  const engineMs = flights.remaining();
  const ahead = flights.time(pendingRows);
  const queueMs = ahead === undefined ? 0 : engineMs + ahead;
  if (pendingRows + rows > maxPendingRows) {
    const message = `${pendingRows} rows wait already; at most ${maxPendingRows} may`;
    return exhausted('queue_full', 'QUEUE_FULL', message, queueMs === 0 ? RETRY_AFTER_MS : queueMs / 2);
  }
  if (ahead === undefined) return undefined;
  if (maxQueueMs > 0 && queueMs > maxQueueMs) {
    const message = `rows would wait for about ${Math.ceil(queueMs)} ms; at most ${maxQueueMs} may pass`;
    return exhausted('queue_time', 'QUEUE_FULL', message, queueMs - maxQueueMs);
  }
  if (deadline === undefined) return undefined;
  const needed = HEADROOM * (engineMs + flights.time(pendingRows + rows)!);
  const left = deadline - now;
  if (needed <= left) return undefined;
  const message = `an answer takes about ${Math.ceil(needed)} ms now; the deadline is in ${Math.floor(left)} ms`;
  return exhausted('unreachable', 'DEADLINE_UNREACHABLE', message, needed - left);
}

function exhausted(
  reason: Refusal,
  code: 'QUEUE_FULL' | 'DEADLINE_UNREACHABLE',
  message: string,
  retryAfterMs: number,
): { reason: Refusal; error: VigilError } {
  const error = new VigilError(code, message, { retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) });
  return { reason, error };
}
