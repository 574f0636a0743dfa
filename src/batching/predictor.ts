/** A new batch counts 1, one of 34 batches ago a half: some seconds of a busy server. */
const DECAY = 0.98;
/** Below so many batches the predictor says nothing. */
const ENOUGH = 8;
/** An observation counts at most as so many times what was predicted: a pause of the machine is no trend. */
const OUTLIER = 4;
/** A price of a row that is not so many times its standard error counts as none. */
const SIGNIFICANT = 2;

/**
 * Predicts how long a batch takes from its rows: `fixed + perRow * rows`, fitted to the batches seen by least squares
 * with exponential forgetting. Neither term is negative. An outlier is clipped, so one moves the model little, while a
 * lasting change is followed within a few batches. Where times scatter more than sizes do, as those of batches of one
 * and two rows on a busy machine, rows are not blamed for it: their price is shrunk by how uncertain it is.
 */
export class BatchTimePredictor {
  #weight = 0;
  #rows = 0;
  #ms = 0;
  #msSquared = 0;
  #rowsSquared = 0;
  #rowsMs = 0;
  #seen = 0;
  /** Milliseconds of a batch without rows, and of each row. */
  fixed = 0;
  perRow = 0;

  /** A batch took so long in the engine, without what it waited for batches before it. */
  observe(rows: number, milliseconds: number): void {
    let ms = Math.max(0, milliseconds);
    if (this.#seen >= ENOUGH) {
      const expected = this.fixed + this.perRow * rows;
      ms = Math.min(Math.max(ms, expected / OUTLIER), Math.max(expected * OUTLIER, 1));
    }
    this.#seen += 1;
    this.#weight = this.#weight * DECAY + 1;
    this.#rows = this.#rows * DECAY + rows;
    this.#ms = this.#ms * DECAY + ms;
    this.#msSquared = this.#msSquared * DECAY + ms * ms;
    this.#rowsSquared = this.#rowsSquared * DECAY + rows * rows;
    this.#rowsMs = this.#rowsMs * DECAY + rows * ms;
    this.#fit();
  }

  /**
   * Milliseconds in which the engine does `rows` in batches of at most `maxBatchRows`, one after the other. Undefined
   * before enough batches were seen.
   */
  time(rows: number, maxBatchRows: number): number | undefined {
    if (this.#seen < ENOUGH) return undefined;
    return Math.ceil(rows / maxBatchRows) * this.fixed + this.perRow * rows;
  }

  /** Rows of a batch that takes about so long; Infinity where rows cost nothing and before enough batches were seen. */
  rowsWithin(milliseconds: number): number {
    if (this.#seen < ENOUGH) return Number.POSITIVE_INFINITY;
    return Math.max(1, (milliseconds - this.fixed) / this.perRow);
  }

  #fit(): void {
    const meanRows = this.#rows / this.#weight;
    const meanMs = this.#ms / this.#weight;
    const variance = this.#rowsSquared / this.#weight - meanRows ** 2;
    const covariance = this.#rowsMs / this.#weight - meanRows * meanMs;
    // Batches of one size say nothing of rows: all of their time counts as fixed, which never predicts too much for
    // larger ones.
    let slope = variance > 1e-6 * meanRows ** 2 ? Math.max(0, covariance / variance) : 0;
    if (slope > 0) {
      const scatter = Math.max(0, this.#msSquared / this.#weight - meanMs ** 2 - slope * covariance);
      const squaredError = scatter / (this.#weight * variance);
      slope *= Math.max(0, 1 - (SIGNIFICANT ** 2 * squaredError) / slope ** 2);
    }
    this.fixed = meanMs - slope * meanRows;
    this.perRow = slope;
    if (this.fixed < 0) {
      this.fixed = 0;
      this.perRow = this.#rowsMs / this.#rowsSquared;
    }
  }
}
