/**
 * Divides probabilities by the training priors and normalises: what a classifier would say if all classes were equally
 * common. The free remedy for imbalance that every other remedy has to beat. `[rows, classes]`
 */
export function correctPriors(probabilities: Float32Array, trainPriors: readonly number[]): Float32Array {
  const classes = trainPriors.length;
  const out = new Float32Array(probabilities.length);
  for (let start = 0; start < probabilities.length; start += classes) {
    let total = 0;
    for (let k = 0; k < classes; k++) total += probabilities[start + k]! / trainPriors[k]!;
    for (let k = 0; k < classes; k++) out[start + k] = probabilities[start + k]! / trainPriors[k]! / total;
  }
  return out;
}
