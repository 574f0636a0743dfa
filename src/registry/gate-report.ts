import { VigilError } from '../errors.ts';
import { type Comparison, type Difference, LEAST_ROWS } from '../evaluation/gate/compare.ts';

/** Why the gate lets a version pass; the others are reasons to refuse. */
const PASSING = ['first_version', 'already_stable', 'rollback', 'not_worse'] as const;
export const GATE_REASONS = [...PASSING, 'worse', 'too_few_rows', 'not_comparable'] as const;
export type GateReason = (typeof GATE_REASONS)[number];

/** The candidate's test rows, and what was left out of them. */
export interface HeldOutRows {
  /** Test rows of the candidate's own split. */
  readonly testRows: number;
  /** Of these, rows that `stable` has been trained or selected on, or whose group only one of the two has. */
  readonly seenRows: number;
  /** False when the data that `stable` was trained on are gone: it may have seen any of the rows. */
  readonly overlapKnown: boolean;
}

/** What the promotion gate found. Plain data: it is stored with the run and with the alias change. */
export interface GateReport {
  readonly passed: boolean;
  readonly reason: GateReason;
  /** One sentence, with the numbers where there are any. */
  readonly message: string;
  /** The version that was to become stable. */
  readonly candidate: string;
  /** The version that was stable; empty when there was none. */
  readonly stable: string;
  readonly heldOut?: HeldOutRows | undefined;
  readonly comparison?: Comparison | undefined;
}

/** The pair of versions that a report is about. */
export type GatePair = Pick<GateReport, 'candidate' | 'stable'>;

const of = (passed: boolean, reason: GateReason, message: string, pair: GatePair): GateReport => ({
  passed,
  reason,
  message,
  ...pair,
});

/** A version that passes without a comparison. */
export function passedUncompared(
  reason: 'first_version' | 'already_stable' | 'rollback',
  pair: GatePair,
): GateReport {
  const messages = {
    first_version: 'there is no stable version yet',
    already_stable: `version ${pair.candidate} is stable already`,
    rollback: `version ${pair.candidate} has been stable before`,
  };
  return of(true, reason, messages[reason], pair);
}

/** The two cannot be compared, and why. */
export function notComparable(why: string, pair: GatePair): GateReport {
  const message = `version ${pair.candidate} cannot be compared with stable version ${pair.stable}: ${why}`;
  return of(false, 'not_comparable', message, pair);
}

const leftOut = ({ seenRows, testRows }: HeldOutRows, { candidate, stable }: GatePair): string =>
  `${seenRows} of ${testRows} test rows of version ${candidate} are left out: stable version ${stable} has seen them, or one of the two their groups`;

/** Too few rows are left that neither version has seen. */
export function tooFewRows(left: number, heldOut: HeldOutRows, pair: GatePair): GateReport {
  const message = `${leftOut(heldOut, pair)}; the other ${left} are too few (allowed: at least ${LEAST_ROWS}, with every class)`;
  return { ...of(false, 'too_few_rows', message, pair), heldOut };
}

/** The two were compared. */
export function compared(
  worse: boolean,
  comparison: Comparison,
  heldOut: HeldOutRows,
  pair: GatePair,
): GateReport {
  const { rows, clusters, clusteredBy, candidate, stable, macroAccuracy } = comparison;
  const among = clusteredBy === 'group' ? ` of ${clusters} groups` : '';
  const seen = heldOut.seenRows > 0 ? `; ${leftOut(heldOut, pair)}` : '';
  const unknown = heldOut.overlapKnown
    ? ''
    : '; the data of the stable version are gone: it may have seen these rows, which favours it';
  const message =
    `version ${pair.candidate} is ${worse ? '' : 'not '}worse than stable version ${pair.stable} on ${rows} held-out rows${among}: ` +
    `macro accuracy ${fixed(candidate.macroAccuracy)}, stable ${fixed(stable.macroAccuracy)}, ${interval(macroAccuracy)}${seen}${unknown}`;
  return { ...of(!worse, worse ? 'worse' : 'not_worse', message, pair), heldOut, comparison };
}

const fixed = (value: number): string => value.toFixed(3);
const interval = ({ mean, interval: { low, high } }: Difference): string =>
  `difference ${fixed(mean)}, 95% interval ${fixed(low)} to ${fixed(high)}`;

/** A refusal as an error: the sentence, and every number for programs. */
export function promotionRefused(report: GateReport): VigilError {
  const { message, candidate, stable, reason, heldOut, comparison } = report;
  const metadata: Record<string, string> = { subject: 'stable', candidate, stable, gate_reason: reason };
  if (heldOut) {
    metadata.test_rows = String(heldOut.testRows);
    metadata.seen_rows = String(heldOut.seenRows);
    metadata.overlap_known = String(heldOut.overlapKnown);
  }
  if (comparison) Object.assign(metadata, factsOf(comparison));
  const hint = 'force, with a reason, moves the alias all the same';
  return new VigilError('PROMOTION_REFUSED', `${message}; ${hint}`, { metadata });
}

function factsOf(comparison: Comparison): Record<string, string> {
  const facts: Record<string, number | null> = { rows: comparison.rows, clusters: comparison.clusters };
  const names = {
    macroAccuracy: 'macro_accuracy',
    macroAuc: 'macro_auc',
    priorCorrectedMacroAccuracy: 'prior_corrected_macro_accuracy',
  } as const;
  for (const [key, name] of Object.entries(names) as [keyof typeof names, string][]) {
    const difference = comparison[key];
    facts[`candidate_${name}`] = comparison.candidate[key];
    facts[`stable_${name}`] = comparison.stable[key];
    facts[`${name}_difference`] = difference?.mean ?? null;
    facts[`${name}_low`] = difference?.interval.low ?? null;
    facts[`${name}_high`] = difference?.interval.high ?? null;
  }
  const known = Object.entries(facts).filter((fact): fact is [string, number] => fact[1] !== null);
  return Object.fromEntries(known.map(([name, value]) => [name, String(Number(value.toFixed(6)))]));
}
