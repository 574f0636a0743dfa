/** Bounds of the temperature: beyond them the validation rows say "no errors" or "no better than chance", not a number. */
const LEAST = 0.1;
const MOST = 10;
/** Probabilities that float32 rounds to 0 are still of some size. */
const TINY = 1e-38;
const STEPS = 100;

/**
 * The temperature T, 0.1 to 10, that minimises the negative log-likelihood of softmax(logits / T) on held-out rows (C. Guo et
 * al., "On calibration of modern neural networks", 2017). `probabilities` `[rows, classes]` are those at T = 1; their logarithms
 * are the logits up to a constant per row, which softmax does not see. The loss is convex in s = 1 / T: Newton's method on its
 * derivative, halving the bracket where a step would leave it.
 */
export function fitTemperature(probabilities: Float32Array, labels: Uint8Array, classes: number): number {
  const logits = Float64Array.from(probabilities, (p) => Math.log(Math.max(TINY, p)));
  let [low, high] = [1 / MOST, 1 / LEAST];
  if (slope(logits, labels, classes, low).first >= 0) return MOST;
  if (slope(logits, labels, classes, high).first <= 0) return LEAST;
  let s = 1;
  for (let step = 0; step < STEPS && high - low > 1e-12; step++) {
    const { first, second } = slope(logits, labels, classes, s);
    if (first < 0) low = s;
    else high = s;
    const next = s - first / second;
    if (Math.abs(next - s) < 1e-12) break;
    s = next > low && next < high ? next : (low + high) / 2;
  }
  return 1 / s;
}

/** First and second derivative of the mean loss in s: E[l] - l_label and Var[l] under softmax(s l). */
function slope(
  logits: Float64Array,
  labels: Uint8Array,
  classes: number,
  s: number,
): { first: number; second: number } {
  let first = 0;
  let second = 0;
  labels.forEach((label, row) => {
    const start = row * classes;
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) most = Math.max(most, s * logits[start + k]!);
    let [total, mean, square] = [0, 0, 0];
    for (let k = 0; k < classes; k++) {
      const logit = logits[start + k]!;
      const weight = Math.exp(s * logit - most);
      total += weight;
      mean += weight * logit;
      square += weight * logit * logit;
    }
    mean /= total;
    first += mean - logits[start + label]!;
    second += square / total - mean * mean;
  });
  return { first: first / labels.length, second: second / labels.length };
}
