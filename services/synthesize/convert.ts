import { randomInt } from 'node:crypto';
import { VigilError } from '../../src/errors.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import { type SynthesizeRequest, ValueUnits } from '../gen/vigil/v1/synthesize_pb.ts';

/** A request for rows, checked. */
export interface SynthesisPlan {
  readonly counts: readonly {
    readonly className: string;
    readonly classIndex: number;
    readonly rows: number;
  }[];
  readonly seed: number;
  readonly units: 'original' | 'scaled';
  readonly chunkRows: number;
  readonly firstRow: number;
}

const MAX_ROWS = 10_000_000n;
const MAX_FIRST_ROW = 2n ** 40n;
const MAX_CHUNK_ROWS = 256;
const DEFAULT_CHUNK_ROWS = 64;
const MAX_SEED = 2n ** 53n - 1n;

/** Errors: FIELD_INVALID and CLASS_UNKNOWN with the field's path, MODEL_INCOMPATIBLE when there is no generator. */
export function toPlan(request: SynthesizeRequest, { version, manifest }: VersionRecord): SynthesisPlan {
  if (!manifest.hasGenerator) {
    const message = `model version ${version} was trained with ${manifest.lineage.regime} and has no generator`;
    throw new VigilError('MODEL_INCOMPATIBLE', message, { metadata: { subject: version } });
  }
  const { counts, seed, units, chunkRows, firstRow } = request;
  if (counts.length === 0) throw VigilError.field('counts', 'no entry', 'at least one class with its rows');
  if (chunkRows < 0 || chunkRows > MAX_CHUNK_ROWS)
    throw VigilError.field(
      'chunk_rows',
      String(chunkRows),
      `1 to ${MAX_CHUNK_ROWS}, or 0 for ${DEFAULT_CHUNK_ROWS}`,
    );
  if (firstRow < 0n || firstRow > MAX_FIRST_ROW)
    throw VigilError.field('first_row', String(firstRow), `0 to ${MAX_FIRST_ROW}`);
  if (seed !== undefined && seed > MAX_SEED) throw VigilError.field('seed', String(seed), `0 to ${MAX_SEED}`);
  const seen = new Set<string>();
  return {
    counts: counts.map(({ className, rows }, at) => {
      const classIndex = manifest.classNames.indexOf(className);
      if (classIndex < 0) {
        const allowed = manifest.classNames.join(', ');
        throw VigilError.field(
          `counts[${at}].class_name`,
          JSON.stringify(className),
          allowed,
          'CLASS_UNKNOWN',
        );
      }
      if (seen.has(className))
        throw VigilError.field(`counts[${at}].class_name`, `${className} a second time`, 'each class once');
      seen.add(className);
      if (rows < 1n || rows > MAX_ROWS)
        throw VigilError.field(`counts[${at}].rows`, String(rows), `1 to ${MAX_ROWS}`);
      return { className, classIndex, rows: Number(rows) };
    }),
    seed: seed === undefined ? randomInt(2 ** 48 - 1) : Number(seed),
    units: toUnits(units),
    chunkRows: chunkRows === 0 ? DEFAULT_CHUNK_ROWS : chunkRows,
    firstRow: Number(firstRow),
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
