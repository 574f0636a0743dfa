import type { RunStopped } from './run-result.ts';

/** A row's place in the embedding of Figure 2. */
export interface FigurePoint {
  /** A training row, or a row of the generator before or after training. */
  readonly source: 'real' | 'before' | 'after';
  readonly label: number;
  readonly x: number;
  readonly y: number;
}

export interface FigurePoints {
  /** Id of the run whose generator is shown. */
  readonly run: string;
  readonly classNames: readonly string[];
  readonly points: readonly FigurePoint[];
}

export type FigureOutcome = { readonly kind: 'finished'; readonly points: FigurePoints } | RunStopped;
