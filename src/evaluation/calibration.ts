/** Rows whose confidence, the probability of the most probable class, lies in one bin. */
export interface ReliabilityBin {
  readonly rows: number;
  /** Mean confidence. */
  readonly confidence: number;
  /** Share of rows that are right; equal to the confidence where it is calibrated. */
  readonly accuracy: number;
}

/** How far probabilities can be trusted. */
export interface ProbabilityScore {
  /** Mean squared distance of probabilities and one-hot labels, summed over classes. */
  readonly brier: number;
  /** Expected calibration error of the most probable class. */
  readonly ece: number;
  /** Mean negative log-likelihood. */
  readonly logLoss: number;
}

const BINS = 15;
/** Probabilities below this do not make the log loss infinite. */
const TINY = 1e-12;

/**
 * Scores `probabilities` `[rows, classes]` whose most probable classes are `answers` `[rows]`. The reliability curve has 15
 * equal bins of confidence, lowest first, without those that are empty; ECE is the mean gap between its confidence and its
 * accuracy, weighted by rows (C. Guo et al., "On calibration of modern neural networks", 2017).
 */
export function scoreProbabilities(
  probabilities: Float32Array,
  labels: Uint8Array,
  answers: Uint8Array,
  classes: number,
): ProbabilityScore & { readonly reliability: readonly ReliabilityBin[] } {
  const bins = Array.from({ length: BINS }, () => ({ rows: 0, confidence: 0, right: 0 }));
  let brier = 0;
  let logLoss = 0;
  labels.forEach((label, row) => {
    const confidence = probabilities[row * classes + answers[row]!]!;
    const bin = bins[Math.min(BINS - 1, Math.floor(confidence * BINS))]!;
    bin.rows += 1;
    bin.confidence += confidence;
    bin.right += answers[row] === label ? 1 : 0;
    for (let k = 0; k < classes; k++)
      brier += (probabilities[row * classes + k]! - (k === label ? 1 : 0)) ** 2;
    logLoss -= Math.log(Math.max(TINY, probabilities[row * classes + label]!));
  });
  const rows = labels.length;
  const gap = bins.reduce((sum, bin) => sum + Math.abs(bin.right - bin.confidence), 0);
  const reliability = bins.flatMap((bin) =>
    bin.rows === 0
      ? []
      : [{ rows: bin.rows, confidence: bin.confidence / bin.rows, accuracy: bin.right / bin.rows }],
  );
  return { brier: brier / rows, ece: gap / rows, logLoss: logLoss / rows, reliability };
}
