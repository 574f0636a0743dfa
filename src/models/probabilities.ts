/** What logits say, computed in float64 from the networks' float32: on any side of a process boundary, without a tensor library. */

/** Softmax(logits / temperature) per row: `[rows, classes]` to `[rows, classes]`. */
export function toProbabilities(logits: Float32Array, classes: number, temperature = 1): Float32Array {
  const out = new Float32Array(logits.length);
  const weights = new Float64Array(classes);
  for (let start = 0; start < logits.length; start += classes) {
    // The largest exponent is 0: nothing overflows, and the total is at least 1.
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) most = Math.max(most, logits[start + k]!);
    let total = 0;
    for (let k = 0; k < classes; k++) {
      weights[k] = Math.exp((logits[start + k]! - most) / temperature);
      total += weights[k]!;
    }
    for (let k = 0; k < classes; k++) out[start + k] = weights[k]! / total;
  }
  return out;
}

/** 1 / (1 + e^-x) per value. */
export const toSigmoid = (logits: Float32Array): Float32Array => logits.map((x) => 1 / (1 + Math.exp(-x)));
