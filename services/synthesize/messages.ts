import type { MessageInitShape } from '@bufbuild/protobuf';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { RowScores, ScoreName } from '../../src/synthesis/row-scores.ts';
import type {
  ClassDrawsSchema,
  SynthesizeHeaderSchema,
  SynthesizeSummarySchema,
  SyntheticChunkSchema,
} from '../gen/vigil/v1/synthesize_pb.ts';
import { rawTensor } from '../raw-tensor.ts';
import type { SynthesisPlan } from './convert.ts';
import type { DrawnChunk } from './draw.ts';

const countsOf = ({ counts }: SynthesisPlan) =>
  counts.map(({ className, rows }) => ({ className, rows: BigInt(rows) }));

export function toHeader(
  plan: SynthesisPlan,
  { version, manifest }: VersionRecord,
): MessageInitShape<typeof SynthesizeHeaderSchema> {
  const { channels, steps, channelNames } = manifest;
  return {
    modelVersion: version,
    seed: BigInt(plan.seed),
    channels,
    steps,
    channelNames: [...channelNames],
    counts: countsOf(plan),
  };
}

export function toChunk(
  className: string,
  { firstRow, rows, values, scores, rowIndices }: DrawnChunk,
  plan: SynthesisPlan,
  { manifest: { channels, steps } }: VersionRecord,
): MessageInitShape<typeof SyntheticChunkSchema> {
  const sent = (name: ScoreName): number[] => (plan.scores.includes(name) ? columnOf(scores, name) : []);
  return {
    className,
    firstRow: BigInt(firstRow),
    samples: rawTensor(values, [rows, channels, steps]),
    ...(plan.scores.length > 0 && { scores: { dSrc: sent('dSrc'), dCls: sent('dCls'), c: sent('c') } }),
    ...(rowIndices && { rowIndices: rowIndices.map(BigInt) }),
  };
}

const columnOf = (scores: RowScores, name: ScoreName): number[] => [...scores[name]!];

export function toSummary(
  plan: SynthesisPlan,
  { version }: VersionRecord,
  sha256: string,
  draws: readonly MessageInitShape<typeof ClassDrawsSchema>[],
): MessageInitShape<typeof SynthesizeSummarySchema> {
  return {
    counts: countsOf(plan),
    sha256,
    modelVersion: version,
    seed: BigInt(plan.seed),
    draws: [...draws],
  };
}
