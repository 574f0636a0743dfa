import type { ClassWatch } from '../../evaluation/history.ts';
import { permutation, randomKey } from '../../random.ts';
import { crossCorrelation, meanCorrelation } from '../correlations.ts';
import { median, nearestDistance } from './neighbours.ts';

/** Rows of a class that are looked at, and as many generated ones. */
export const WATCHED_ROWS = 64;
/** Rows whose nearest neighbour is looked for, among all training rows of the class. */
const NEIGHBOUR_QUERIES = 16;

/** What generated rows of a class are held against. All rows are scaled, `[channels, steps]`. */
export interface RealRows {
  /** `[all rows, channels, steps]` */
  readonly values: Float32Array;
  readonly channels: number;
  readonly steps: number;
  /** Training rows of the class. */
  readonly rows: Uint32Array;
}

/** A class's real training rows, with the figures that do not change over a run: made once, when first needed. */
export class RealClass {
  readonly #real: RealRows;
  readonly #seed: number;
  /** At most `WATCHED_ROWS` of the rows, drawn once. */
  readonly sample: Uint32Array;
  #constants: { readonly realReal: number | null; readonly spacing: number } | undefined;

  constructor(real: RealRows, label: number, seed: number) {
    const order = permutation(randomKey(seed, 'watch/rows', label), real.rows.length);
    this.#real = real;
    this.#seed = seed;
    this.sample = order.slice(0, WATCHED_ROWS).map((at) => real.rows[at]!);
  }

  /**
   * Compares generated rows `[rows, channels, steps]`, scaled, with the class. `pause` is awaited between searches, so that a
   * process can do other work.
   */
  async compare(generated: Float32Array, pause: () => Promise<void>): Promise<Omit<ClassWatch, 'className'>> {
    this.#constants ??= {
      realReal: this.#realReal(),
      spacing: await this.#nearest(this.#real.values, this.sample, true, pause),
    };
    const { realReal, spacing } = this.#constants;
    const { values, channels, steps } = this.#real;
    const rows = Uint32Array.from({ length: generated.length / (channels * steps) }, (_, row) => row);
    const ratio = (await this.#nearest(generated, rows, false, pause)) / spacing;
    const [ours, theirs] = [
      { values: generated, rows },
      { values, rows: this.sample },
    ];
    return {
      realReal,
      genGen: meanCorrelation(generated, rows, channels * steps, steps, this.#seed),
      genReal: crossCorrelation(ours, theirs, channels * steps, steps, this.#seed),
      // Of a single row, or where most rows stand twice, there is no spacing to compare with.
      nearestRatio: Number.isFinite(ratio) && Number.isFinite(spacing) ? ratio : null,
    };
  }

  #realReal(): number | null {
    const { values, rows, channels, steps } = this.#real;
    return rows.length < 2 ? null : meanCorrelation(values, rows, channels * steps, steps, this.#seed);
  }

  /** Median distance of the first queries to the nearest training row; `others`: they are such rows, and not their own neighbours. */
  async #nearest(
    from: Float32Array,
    queries: Uint32Array,
    others: boolean,
    pause: () => Promise<void>,
  ): Promise<number> {
    const { values, rows, channels, steps } = this.#real;
    const size = channels * steps;
    const distances: number[] = [];
    for (const row of queries.subarray(0, NEIGHBOUR_QUERIES)) {
      const query = from.subarray(row * size, (row + 1) * size);
      distances.push(nearestDistance(query, values, rows, others ? row : undefined));
      await pause();
    }
    return median(distances);
  }
}
