/** A new batch counts 1, one of 34 batches ago a half: some seconds of a busy server. */
const DECAY = 0.98;
/** Below so many batches the predictor says nothing. */
const ENOUGH = 8;
/** An observation counts at most as so many times what was predicted: a pause of the machine is no trend. */
const OUTLIER = 4;

/**
 * Predicts how long a batch takes from its rows: `fixed + perRow * rows`, fitted to the batches seen by least squares
 * with exponential forgetting. Neither term is negative. An outlier is clipped, so one moves the model little, while a
 * lasting change is followed within a few batches.
 */
export class BatchTimePredictor {
  #weight = 0;
  #rows = 0;
  #ms = 0;
  #rowsSquared = 0;
  #rowsMs = 0;
  #seen = 0;
  #fixed = 0;
  #perRow = 0;

  /** A batch took so long in the engine, without what it waited for batches before it. */
  observe(rows: number, milliseconds: number): void {
    let ms = Math.max(0, milliseconds);
    if (this.#seen >= ENOUGH) {
      const expected = this.#fixed + this.#perRow * rows;
      ms = Math.min(Math.max(ms, expected / OUTLIER), Math.max(expected * OUTLIER, 1));
    }
    this.#seen += 1;
    this.#weight = this.#weight * DECAY + 1;
    this.#rows = this.#rows * DECAY + rows;
    this.#ms = this.#ms * DECAY + ms;
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
    return Math.ceil(rows / maxBatchRows) * this.#fixed + this.#perRow * rows;
  }

  #fit(): void {
    const meanRows = this.#rows / this.#weight;
    const meanMs = this.#ms / this.#weight;
    const variance = this.#rowsSquared / this.#weight - meanRows ** 2;
    const covariance = this.#rowsMs / this.#weight - meanRows * meanMs;
    // Batches of one size say nothing of rows: all of their time counts as fixed, which never predicts too much for
    // larger ones.
    const slope = variance > 1e-6 * meanRows ** 2 ? Math.max(0, covariance / variance) : 0;
    this.#fixed = meanMs - slope * meanRows;
    this.#perRow = slope;
    if (this.#fixed < 0) {
      this.#fixed = 0;
      this.#perRow = this.#rowsMs / this.#rowsSquared;
    }
  }
}
