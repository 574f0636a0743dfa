/** Compares what a model is asked and answers with what it was trained on, over the latest rows. */
import { randomKey, wordAt } from '../random.ts';
import { DecayedCounts } from './decayed-counts.ts';
import { populationStability } from './psi.ts';
import { BINS, type DriftReference } from './reference.ts';

export interface MonitorSettings {
  readonly reference: DriftReference;
  /** Scaling limits, per channel. */
  readonly limits: { readonly low: readonly number[]; readonly high: readonly number[] };
  /** Held-out rows by the class that the model took them for. */
  readonly predictions: readonly number[];
  readonly steps: number;
  /** Rows that it remembers, about. */
  readonly windowRows: number;
}

export interface DriftReport {
  /** PSI of a channel's values against the training rows. */
  readonly channelPsi: readonly number[];
  /** Share of a channel's values outside of the scaling limits. */
  readonly outOfRange: readonly number[];
  /** PSI of the predicted classes against those of the held-out rows. */
  readonly predictionPsi: number;
}

/** Values of each channel of a row that are counted. */
export const VALUES_PER_ROW = 4;
/** PSI of fewer rows is noise. */
export const LEAST_ROWS = 200;

export class DriftMonitor {
  readonly #settings: MonitorSettings;
  readonly #channels: number;
  /** `[channels, BINS - 1]`; beyond a channel's own edges infinity, which no value exceeds. */
  readonly #edges: Float64Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #bins: DecayedCounts;
  readonly #outside: DecayedCounts;
  readonly #classes: DecayedCounts;
  readonly #perRow: number;
  readonly #places = randomKey(0, 'drift');
  #rows = 0;

  constructor(settings: MonitorSettings) {
    const { reference, limits, steps, windowRows, predictions } = settings;
    this.#settings = settings;
    this.#channels = reference.channels.length;
    this.#low = Float64Array.from(limits.low);
    this.#high = Float64Array.from(limits.high);
    this.#edges = new Float64Array(this.#channels * (BINS - 1)).fill(Number.POSITIVE_INFINITY);
    for (const [channel, { edges }] of reference.channels.entries())
      this.#edges.set(edges, channel * (BINS - 1));
    this.#bins = new DecayedCounts(this.#channels * BINS, windowRows);
    this.#outside = new DecayedCounts(this.#channels, windowRows);
    this.#classes = new DecayedCounts(predictions.length, windowRows);
    this.#perRow = Math.min(VALUES_PER_ROW, steps);
  }

  /** `values` is `[rows, channels, steps]`, `topClasses` the predicted class of each row. */
  see(rows: number, values: Float32Array, topClasses: ArrayLike<number>): void {
    const size = this.#channels * this.#settings.steps;
    for (let row = 0; row < rows; row++) {
      this.#bins.age();
      this.#outside.age();
      this.#classes.age();
      this.#classes.add(topClasses[row]!);
      this.#count(values, row * size);
    }
  }

  /** Undefined until enough rows were seen. */
  report(): DriftReport | undefined {
    if (this.#rows < LEAST_ROWS) return undefined;
    const { reference, predictions } = this.#settings;
    const total = this.#classes.read().reduce((sum, rows) => sum + rows, 0);
    return {
      channelPsi: reference.channels.map(({ shares }, channel) =>
        populationStability(
          this.#bins.read(channel * BINS, channel * BINS + shares.length),
          shares.map((share) => share * reference.rows),
        ),
      ),
      // Sums of quarters may be rounded up.
      outOfRange: [...this.#outside.read()].map((rows) => Math.min(1, rows / total)),
      predictionPsi: populationStability(this.#classes.read(), predictions),
    };
  }

  /**
   * Steps at equal distances from a random first one, the same for all channels: every step is counted with the same
   * chance, so the histogram is unbiased.
   */
  #count(values: Float32Array, start: number): void {
    const { steps } = this.#settings;
    const [perRow, channels, edges, bins, low, high] = [
      this.#perRow,
      this.#channels,
      this.#edges,
      this.#bins,
      this.#low,
      this.#high,
    ];
    const first = (wordAt(this.#places, this.#rows++) >>> 0) / 2 ** 32;
    for (let part = 0; part < perRow; part++) {
      const step = start + Math.floor(((first + part) * steps) / perRow);
      for (let channel = 0; channel < channels; channel++) {
        const value = values[step + channel * steps]!;
        const edge = channel * (BINS - 1);
        // A sum instead of a search: where a value lies cannot be foreseen, and a wrong guess costs more than it saves.
        let bin = 0;
        for (let i = edge; i < edge + BINS - 1; i++) bin += Number(value > edges[i]!);
        bins.add(channel * BINS + bin, 1 / perRow);
        if (value < low[channel]! || value > high[channel]!) this.#outside.add(channel, 1 / perRow);
      }
    }
  }
}
