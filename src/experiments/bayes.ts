import type { Dataset } from '../data/dataset.ts';
import { parseSimulated, SIMULATED_PREFIX } from '../data/open-dataset.ts';
import { bayesPosterior, drawLatents } from '../data/simulated/latents.ts';
import { evaluate } from '../evaluation/metrics.ts';

/** Scores of the Bayes classifier. */
export interface BoundScore {
  readonly accuracy: number;
  readonly macroAccuracy: number;
  readonly macroAuc: number | null;
}

/**
 * What no classifier of clips can beat but by chance: the Bayes classifier of the latents that the clips were rendered from,
 * on the given rows, with the priors of the training rows (best accuracy where the given rows have the same shares of
 * classes) and with equal ones (best macro accuracy). Null for data whose latents are not known.
 */
export function scoreBayes(
  datasetName: string,
  dataset: Dataset,
  rows: Uint32Array,
  trainPriors: readonly number[],
): { trainPriors: BoundScore; priorFree: BoundScore } | null {
  if (!datasetName.startsWith(SIMULATED_PREFIX)) return null;
  const { seed } = parseSimulated(datasetName);
  const { classNames } = dataset;
  const labels = Uint8Array.from(rows, (row) => dataset.labels[row]!);
  const latents = Array.from(rows, (row, at) => drawLatents(seed, row, labels[at]!));
  const score = (priors: readonly number[]): BoundScore => {
    const probabilities = Float32Array.from(latents.flatMap((u) => bayesPosterior(u, priors)));
    const { accuracy, macroAccuracy, macroAuc } = evaluate({
      probabilities,
      labels,
      classNames,
      trainPriors,
    });
    return { accuracy, macroAccuracy, macroAuc };
  };
  return { trainPriors: score(trainPriors), priorFree: score(classNames.map(() => 1 / classNames.length)) };
}
