/** Added to every count, as half a row: an empty bin is a rare one, not an infinite distance. */
const HALF = 0.5;

/**
 * Population stability index of two histograms of counts over the same bins: sum (p - q) ln(p / q), the symmetrised
 * Kullback-Leibler divergence; 0 for equal shares. Two samples of n and m independent rows of one population give about
 * (bins - 1)(1/n + 1/m). Source: Yurdakul, "Statistical Properties of Population Stability Index", 2018.
 */
export function populationStability(counts: ArrayLike<number>, reference: ArrayLike<number>): number {
  const bins = counts.length;
  let total = HALF * bins;
  let referenceTotal = HALF * bins;
  for (let bin = 0; bin < bins; bin++) {
    total += counts[bin]!;
    referenceTotal += reference[bin]!;
  }
  let index = 0;
  for (let bin = 0; bin < bins; bin++) {
    const p = (counts[bin]! + HALF) / total;
    const q = (reference[bin]! + HALF) / referenceTotal;
    index += (p - q) * Math.log(p / q);
  }
  return index;
}
