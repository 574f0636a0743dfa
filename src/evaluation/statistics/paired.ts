import { VigilError } from '../../errors.ts';
import { bcaInterval } from './bca.ts';
import type { Interval } from './interval.ts';
import { signFlipTest } from './sign-flip.ts';

/** Fewer pairs are labelled exploratory. */
const PAIRS_ENOUGH = 10;
const ALPHA = 0.05;

export type Verdict = 'better' | 'worse' | 'tie' | 'undecided';

/** A candidate beside a baseline, over the same seeds (or folds). */
export interface PairedComparison {
  readonly n: number;
  /** Mean of candidate minus baseline. */
  readonly meanDifference: number;
  /** 95 % BCa interval of the mean difference. */
  readonly interval: Interval;
  /** Two-sided sign-flip test of no difference, not corrected for other comparisons. */
  readonly p: number;
  /** Fewer than 10 pairs. */
  readonly exploratory: boolean;
  readonly verdict: Verdict;
}

/**
 * Compares scores pair by pair: value i of both comes from the same seed. Differences of the mean below `tie` are ties.
 * Errors: FIELD_INVALID for no pairs, unequal lengths or values that are not finite.
 */
export function comparePaired(
  candidate: readonly number[],
  baseline: readonly number[],
  { seed, tie }: { seed: number; tie: number },
): PairedComparison {
  if (candidate.length !== baseline.length) {
    const found = `${candidate.length} values`;
    throw VigilError.field('candidate', found, `${baseline.length}, one per value of the baseline`);
  }
  const differences = candidate.map((score, i) => score - baseline[i]!);
  const n = differences.length;
  const interval = bcaInterval(differences, { seed });
  const p = signFlipTest(differences, seed);
  const meanDifference = differences.reduce((sum, value) => sum + value, 0) / n;
  const verdict = verdictOf({ meanDifference, interval, p }, tie);
  return { n, meanDifference, interval, p, exploratory: n < PAIRS_ENOUGH, verdict };
}

/**
 * A tie when the mean difference is below `tie`, whatever its significance; better or worse when its interval leaves 0 out
 * and p is at most 0.05; undecided otherwise. Give the p that Holm corrected to judge several comparisons together.
 */
export function verdictOf(
  { meanDifference, interval, p }: Pick<PairedComparison, 'meanDifference' | 'interval' | 'p'>,
  tie: number,
): Verdict {
  if (Math.abs(meanDifference) < tie) return 'tie';
  const clear = p <= ALPHA && (interval.low > 0 || interval.high < 0);
  if (!clear) return 'undecided';
  return meanDifference > 0 ? 'better' : 'worse';
}
