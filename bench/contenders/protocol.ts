/** What a benchmark says to a contender's process: one JSON object per line each way, one at a time. */

/** Works that are timed. Every one makes its inputs inside the timed region, as the trainer does. */
export const WORKS = [
  'classifier-step',
  'discriminator-step',
  'generator-step',
  'joint-iteration',
  'forward',
  'sample',
] as const;
export type Work = (typeof WORKS)[number];

/** The shape of a problem, and how many synthetic rows join C's batch. */
export interface Shape {
  readonly spec: { readonly channels: number; readonly steps: number; readonly classes: number };
  /** Rows of a real batch. */
  readonly batch: number;
  /** Synthetic rows per class and batch, on average. */
  readonly expected: readonly number[];
  /** Most synthetic rows of one batch. */
  readonly capacity: number;
}

export interface Requests {
  /** Makes networks and data of this shape; the ones before are dropped. */
  open: { request: Shape; reply: { version: string } };
  /** Writes initial weights and inputs of every step, for all to begin from. Our own engines only. */
  case: { request: { case: string }; reply: Record<string, never> };
  /** Runs every step once from a case, dropout off, and writes losses, gradients and changes of weights. */
  check: { request: { case: string; results: string }; reply: Record<string, never> };
  /** Runs a work, once uncounted, then for `milliseconds` and `least` times at least. `rows` of forward and sample. */
  time: {
    request: { work: Work | 'matrix-product'; rows: number; milliseconds: number; least: number };
    /** Milliseconds of each run. */
    reply: { times: number[] };
  };
}

export type RequestKind = keyof Requests;
