/** Above this the counts are brought down; far from where doubles lose a row. */
const LARGEST_WEIGHT = 2 ** 30;

/**
 * Counts that forget: of n rows ago only (1 - 1/window)^n is left, so that they hold about `window` rows in the end.
 * Nothing is multiplied per row: new rows weigh more instead.
 */
export class DecayedCounts {
  readonly #counts: Float64Array;
  readonly #growth: number;
  #weight = 1;

  /** `window` is above 1. */
  constructor(size: number, window: number) {
    this.#counts = new Float64Array(size);
    this.#growth = window / (window - 1);
  }

  /** Makes everything counted so far older by a row. */
  age(): void {
    this.#weight *= this.#growth;
    if (this.#weight < LARGEST_WEIGHT) return;
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i]! /= this.#weight;
    this.#weight = 1;
  }

  add(index: number, rows = 1): void {
    this.#counts[index]! += rows * this.#weight;
  }

  /** In rows of now. */
  read(from = 0, to = this.#counts.length): Float64Array {
    return this.#counts.slice(from, to).map((count) => count / this.#weight);
  }
}
