/** What a load process is asked to do, and what it says of it. Plain data: both cross a fork's channel. */
import type { Percentiles } from './histogram.ts';

/** So many calls are always under way: the next one starts when one ends. */
export interface ClosedLoop {
  readonly kind: 'closed';
  readonly inFlight: number;
  /** Ends the measurement after so many calls, however long that takes. */
  readonly calls?: number;
}

/** Calls start at a constant rate, whether or not earlier ones have ended. */
export interface OpenLoop {
  readonly kind: 'open';
  readonly perSecond: number;
}

export interface LoadPlan {
  /** HOST:PORT */
  readonly address: string;
  /** "/package.Service/Method" */
  readonly path: string;
  /** The request, encoded, without gRPC's prefix. */
  readonly message: Uint8Array;
  readonly loop: ClosedLoop | OpenLoop;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Deadline that every call carries; an answer that comes later after the call was due is `late`, not good. */
  readonly timeoutMs?: number;
}

export interface LoadReport {
  /** Of the measurement. */
  readonly seconds: number;
  /** Good answers a second. */
  readonly rps: number;
  /** Calls by how they ended: a gRPC code ("0" is OK), or `late`, `refused`, `reset`, `lost`, `malformed`, `unanswered`. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Of good answers, from when the call was to start (open loop: by the schedule, however late the call was). */
  readonly latency: Percentiles;
  /** The same from when the call was really sent. */
  readonly service: Percentiles;
  /** From sending to RESOURCE_EXHAUSTED or UNAVAILABLE. */
  readonly refusal: Percentiles;
  /** How long after its time a call of an open loop was sent: the generator's own share of `latency`. */
  readonly late: Percentiles;
  /** Processor time of the load process over the measurement: near 1, the generator is the limit. */
  readonly cpuShare: number;
}

export type LoadMessage =
  /** Warm-up is over. */
  | { readonly kind: 'measuring' }
  | { readonly kind: 'report'; readonly report: LoadReport }
  | { readonly kind: 'failed'; readonly message: string };

/** Calls that did not end well. */
export function errorsOf({ outcomes }: LoadReport): number {
  return Object.entries(outcomes).reduce((sum, [outcome, count]) => sum + (outcome === '0' ? 0 : count), 0);
}

/** The report, or an error where nobody was answered: there is nothing to compare with then. */
export function answered(report: LoadReport): LoadReport {
  if (report.latency.count > 0) return report;
  throw new Error(`no call was answered well; calls by how they ended: ${JSON.stringify(report.outcomes)}`);
}
