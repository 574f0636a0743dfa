import { VigilError } from '../../src/errors.ts';
import { holdsNetwork } from '../../src/registry/bundle-files.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import { SCORES, type ScoreName } from '../../src/synthesis/row-scores.ts';
import { type Accept, SyntheticScore } from '../gen/vigil/v1/synthesize_pb.ts';

/** Which rows are sent. */
export interface Acceptance {
  /** Least scores; a row that reaches them all is accepted. At least one. */
  readonly thresholds: Readonly<Partial<Record<ScoreName, number>>>;
  /** Rows tried per row wanted, over a class. */
  readonly maxTries: number;
}

const MAX_TRIES = 10_000;
const DEFAULT_TRIES = 100;

const BY_ENUM: Readonly<Partial<Record<SyntheticScore, ScoreName>>> = {
  [SyntheticScore.D_SRC]: 'dSrc',
  [SyntheticScore.D_CLS]: 'dCls',
  [SyntheticScore.C]: 'c',
};

/** The scores to send with every row, each once. FIELD_INVALID for one that is not known. */
export function toScores(scores: readonly SyntheticScore[]): ScoreName[] {
  const names = scores.map((score, at) => {
    const name = BY_ENUM[score];
    if (name) return name;
    const allowed = 'SYNTHETIC_SCORE_D_SRC, SYNTHETIC_SCORE_D_CLS, SYNTHETIC_SCORE_C';
    throw VigilError.field(`scores[${at}]`, String(score), allowed);
  });
  return SCORES.filter((name) => names.includes(name));
}

/** FIELD_INVALID with the path of a threshold that is no probability, or when none is above 0. */
export function toAcceptance(accept: Accept | undefined): Acceptance | undefined {
  if (!accept) return undefined;
  const { minDSrc, minDCls, minC, maxTries } = accept;
  const given = [
    ['dSrc', 'min_d_src', minDSrc],
    ['dCls', 'min_d_cls', minDCls],
    ['c', 'min_c', minC],
  ] as const;
  for (const [, field, least] of given)
    if (!(least >= 0 && least <= 1)) throw VigilError.field(`accept.${field}`, String(least), '0 to 1');
  const used = given.filter(([, , least]) => least > 0);
  if (used.length === 0)
    throw VigilError.field('accept', 'no threshold', 'min_d_src, min_d_cls or min_c above 0');
  if (maxTries < 0 || maxTries > MAX_TRIES)
    throw VigilError.field(
      'accept.max_tries',
      String(maxTries),
      `1 to ${MAX_TRIES}, or 0 for ${DEFAULT_TRIES}`,
    );
  return {
    thresholds: Object.fromEntries(used.map(([name, , least]) => [name, least])),
    maxTries: maxTries === 0 ? DEFAULT_TRIES : maxTries,
  };
}

/** What must be computed for each row: what is sent, and what is compared. */
export const neededScores = (
  scores: readonly ScoreName[],
  acceptance: Acceptance | undefined,
): readonly ScoreName[] =>
  SCORES.filter((name) => scores.includes(name) || acceptance?.thresholds[name] !== undefined);

/** MODEL_INCOMPATIBLE when a score of D is needed of a version that has no D. */
export function checkDiscriminator(needed: readonly ScoreName[], { version, manifest }: VersionRecord): void {
  if (needed.every((name) => name === 'c') || holdsNetwork(manifest, 'discriminator')) return;
  const message = `model version ${version} has no discriminator, so no D_src and no D_cls; allowed: scores and thresholds of C`;
  throw new VigilError('MODEL_INCOMPATIBLE', message, { metadata: { subject: version } });
}
