/** Where the rows come from that join C's batches, when no generator draws them in the step. */
export interface RowSource {
  /**
   * Writes a row `[channels, steps]` in [-1, 1] for every class asked for, one after the other from the start of `out`.
   * Made from training rows of that class alone; a pure function of the seed, the iteration and the place in the list.
   */
  draw(iteration: number, classes: readonly number[], out: Float32Array): void;
}

/** The training rows that a source draws from. */
export interface SourceRows {
  /** All rows of the dataset in [-1, 1], `[rows, channels, steps]`. */
  readonly scaled: Float32Array;
  /** Values per row. */
  readonly size: number;
  /** Training rows of every class. */
  readonly byClass: readonly Uint32Array[];
}

/** A row of `scaled`, as it lies. */
export function rowOf({ scaled, size }: SourceRows, row: number): Float32Array {
  return scaled.subarray(row * size, (row + 1) * size);
}
