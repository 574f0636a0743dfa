/** What `bare-process.ts` is asked and answers, over its fork's channel. */
import type { Percentiles } from '../load/histogram.ts';

export interface BareCalls {
  /** Loads the classifier of a bundle. */
  open: {
    request: { readonly bundle: string; readonly threads: number };
    reply: { readonly engine: string };
  };
  /** Runs of each number of rows, one after the other, for so long: rows a second, in the order asked for. */
  rates: {
    request: { readonly rows: readonly number[]; readonly milliseconds: number };
    reply: { readonly rowsPerSecond: readonly number[] };
  };
  /** Single rows that arrive at a constant rate and run in order; latency counts from arrival to answer. */
  arrivals: {
    request: { readonly perSecond: number; readonly milliseconds: number };
    reply: { readonly latency: Percentiles };
  };
}

export type BareCall = keyof BareCalls;
export type BareReply = { readonly reply: object } | { readonly failed: string };
