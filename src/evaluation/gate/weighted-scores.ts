import { topClass } from '../metrics.ts';

/** Scores of some rows; null where no class has one. */
export interface RowScores {
  readonly accuracy: number;
  /** Unweighted mean of the accuracies of the classes that have rows. */
  readonly macroAccuracy: number;
  /** Unweighted mean of the one-vs-rest AUCs that exist. */
  readonly macroAuc: number | null;
}

/**
 * Scores of resamples, in time that grows with the rows alone: decisions are made and rows are ranked once. The values are
 * those of `evaluate` on the rows with their repeats.
 */
export class WeightedScores {
  readonly #labels: Uint8Array;
  readonly #classes: number;
  readonly #right: Uint8Array;
  /** Per class: rows by rising probability, and the end of each stretch of equal ones. */
  readonly #ranks: readonly { readonly order: Uint32Array; readonly ends: Uint32Array }[];

  /** `probabilities` `[rows, classes]`, `labels` `[rows]`. */
  constructor(probabilities: Float32Array, labels: Uint8Array, classes: number) {
    this.#labels = labels;
    this.#classes = classes;
    this.#right = labels.map((label, row) => (topClass(probabilities, row, classes) === label ? 1 : 0));
    this.#ranks = Array.from({ length: classes }, (_, k) => {
      const of = (row: number): number => probabilities[row * classes + k]!;
      const order = Uint32Array.from(labels.keys()).sort((a, b) => of(a) - of(b));
      const ends = [...order.keys()].filter(
        (at) => at + 1 === order.length || of(order[at]!) !== of(order[at + 1]!),
      );
      return { order, ends: Uint32Array.from(ends, (at) => at + 1) };
    });
  }

  /** `counts` `[rows]`: how often each row is there; at least one is. */
  decisions(counts: Uint32Array): Omit<RowScores, 'macroAuc'> {
    const labels = this.#labels;
    const decided = this.#right;
    const rows = new Float64Array(this.#classes);
    const right = new Float64Array(this.#classes);
    for (let row = 0; row < labels.length; row++) {
      const count = counts[row]!;
      rows[labels[row]!]! += count;
      right[labels[row]!]! += count * decided[row]!;
    }
    let [all, allRight, recalls, classes] = [0, 0, 0, 0];
    for (let k = 0; k < rows.length; k++) {
      all += rows[k]!;
      allRight += right[k]!;
      if (rows[k] === 0) continue;
      recalls += right[k]! / rows[k]!;
      classes += 1;
    }
    return { accuracy: allRight / all, macroAccuracy: recalls / classes };
  }

  macroAuc(counts: Uint32Array): number | null {
    let [sum, classes] = [0, 0];
    for (let k = 0; k < this.#classes; k++) {
      const auc = this.#auc(k, counts);
      if (auc === null) continue;
      sum += auc;
      classes += 1;
    }
    return classes > 0 ? sum / classes : null;
  }

  /** Mann-Whitney over the ranked rows; a tie counts half. */
  #auc(k: number, counts: Uint32Array): number | null {
    const labels = this.#labels;
    const { order, ends } = this.#ranks[k]!;
    let positives = 0;
    let negatives = 0;
    let wins = 0;
    let at = 0;
    for (let stretch = 0; stretch < ends.length; stretch++) {
      const end = ends[stretch]!;
      let tied = 0;
      let tiedNegatives = 0;
      for (; at < end; at++) {
        const row = order[at]!;
        if (labels[row] === k) tied += counts[row]!;
        else tiedNegatives += counts[row]!;
      }
      wins += tied * (negatives + tiedNegatives / 2);
      positives += tied;
      negatives += tiedNegatives;
    }
    return positives > 0 && negatives > 0 ? wins / (positives * negatives) : null;
  }
}
