import { fillUniform, randomKey } from '../random.ts';

/**
 * Fills `out` with shares of the real row in rows x = m real + (1 - m) G(z, c): uniform, with mean `mixing`, as wide as
 * [0, 1] lets them be. 0 is G's row, 1 the real one, 0.5 the mixup of Zhang et al. ("mixup: beyond empirical risk
 * minimization", ICLR 2018) with alpha 1. A range, not one share: rows of one share all lie at one distance from real
 * rows, by which C could tell them.
 */
export function mixingShares(
  mixing: number,
  seed: number,
  iteration: number,
  out: Float32Array,
): Float32Array {
  const [low, high] = [Math.max(0, 2 * mixing - 1), Math.min(1, 2 * mixing)];
  fillUniform(randomKey(seed, 'mixing', iteration), out);
  for (let i = 0; i < out.length; i++) out[i] = low + (high - low) * out[i]!;
  return out;
}
