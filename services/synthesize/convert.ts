import { randomInt } from 'node:crypto';
import { VigilError } from '../../src/errors.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { ScoreName } from '../../src/synthesis/row-scores.ts';
import { type SynthesizeRequest, ValueUnits } from '../gen/vigil/v1/synthesize_pb.ts';
import { type Acceptance, checkDiscriminator, neededScores, toAcceptance, toScores } from './acceptance.ts';
import { type PlannedCount, toCounts } from './counts.ts';

/** A request for rows, checked. */
export interface SynthesisPlan {
  readonly counts: readonly PlannedCount[];
  readonly seed: number;
  readonly units: 'original' | 'scaled';
  readonly chunkRows: number;
  readonly firstRow: number;
  /** Go out with every row. */
  readonly scores: readonly ScoreName[];
  /** Are computed for every row. */
  readonly needed: readonly ScoreName[];
  readonly acceptance: Acceptance | undefined;
}

const MAX_FIRST_ROW = 2n ** 40n;
const MAX_CHUNK_ROWS = 256;
const DEFAULT_CHUNK_ROWS = 64;
const MAX_SEED = 2n ** 53n - 1n;

/**
 * Errors: FIELD_INVALID and CLASS_UNKNOWN with the field's path; MODEL_INCOMPATIBLE when there is no generator, or no
 * discriminator where it is needed. At most `maxRows` rows in all.
 */
export function toPlan(request: SynthesizeRequest, record: VersionRecord, maxRows: number): SynthesisPlan {
  const { version, manifest } = record;
  if (!manifest.hasGenerator) {
    const message = `model version ${version} was trained with ${manifest.lineage.regime} and has no generator`;
    throw new VigilError('MODEL_INCOMPATIBLE', message, { metadata: { subject: version } });
  }
  const { seed, units, chunkRows, firstRow } = request;
  const counts = toCounts(request, manifest.classNames, maxRows);
  if (chunkRows < 0 || chunkRows > MAX_CHUNK_ROWS)
    throw VigilError.field(
      'chunk_rows',
      String(chunkRows),
      `1 to ${MAX_CHUNK_ROWS}, or 0 for ${DEFAULT_CHUNK_ROWS}`,
    );
  if (firstRow < 0n || firstRow > MAX_FIRST_ROW)
    throw VigilError.field('first_row', String(firstRow), `0 to ${MAX_FIRST_ROW}`);
  if (seed !== undefined && seed > MAX_SEED) throw VigilError.field('seed', String(seed), `0 to ${MAX_SEED}`);
  const scores = toScores(request.scores);
  const acceptance = toAcceptance(request.accept);
  const needed = neededScores(scores, acceptance);
  checkDiscriminator(needed, record);
  return {
    counts,
    seed: seed === undefined ? randomInt(2 ** 48 - 1) : Number(seed),
    units: toUnits(units),
    chunkRows: chunkRows === 0 ? DEFAULT_CHUNK_ROWS : chunkRows,
    firstRow: Number(firstRow),
    scores,
    needed,
    acceptance,
  };
}

function toUnits(units: ValueUnits): 'original' | 'scaled' {
  switch (units) {
    case ValueUnits.UNSPECIFIED:
    case ValueUnits.ORIGINAL:
      return 'original';
    case ValueUnits.SCALED:
      return 'scaled';
    default:
      throw VigilError.field('units', String(units), 'VALUE_UNITS_ORIGINAL or VALUE_UNITS_SCALED');
  }
}
