/**
 * The latent drowsiness of a simulated clip. u = (eyes, nods, yawns) is normal around a mean per class with unit
 * variance, so the posterior of the class given u is known in closed form. The clip is rendered from u by steps that do
 * not see the class; hence no classifier of clips can beat the Bayes classifier of u.
 */
import { fillNormal, randomKey } from '../../random.ts';

/** Classes of the paper, from alert to drowsy. */
export const SIMULATED_CLASSES = ['alert', 'slightly_drowsy', 'moderately_or_extremely_drowsy'] as const;

/** Mean of u per class. The middle class overlaps both neighbours, as the paper's results suggest. */
const MEANS = [
  [0, 0, 0],
  [1.1, 0.7, 0.9],
  [2.6, 1.9, 1.4],
] as const;

export const LATENTS = 3;

/** u of a row, `[3]`: a function of (seed, row) and the class. */
export function drawLatents(seed: number, row: number, label: number): Float32Array {
  const u = fillNormal(randomKey(seed, 'simulated/latents', row), new Float32Array(LATENTS));
  return u.map((value, i) => value + MEANS[label]![i]!);
}

/** P(class | u) for class priors, `[classes]`. */
export function bayesPosterior(u: ArrayLike<number>, priors: readonly number[]): number[] {
  const logits = MEANS.map((mean, label) => {
    const distance = mean.reduce<number>((sum, centre, i) => sum + (u[i]! - centre) ** 2, 0);
    return Math.log(priors[label]!) - distance / 2;
  });
  const largest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
