import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Comparison, Difference, VersionScores } from '../../src/evaluation/gate/compare.ts';
import type { GateReason, GateReport } from '../../src/registry/gate-report.ts';
import {
  type GateComparisonSchema,
  GateReason as GateReasonMessage,
  type GateReportSchema,
} from '../gen/vigil/v1/gate_pb.ts';
import type { AliasChangeSchema } from '../gen/vigil/v1/models_pb.ts';
import type { AliasChange } from '../storage/store.ts';

const REASONS: Readonly<Record<GateReason, GateReasonMessage>> = {
  first_version: GateReasonMessage.FIRST_VERSION,
  already_stable: GateReasonMessage.ALREADY_STABLE,
  rollback: GateReasonMessage.ROLLBACK,
  not_worse: GateReasonMessage.NOT_WORSE,
  worse: GateReasonMessage.WORSE,
  too_few_rows: GateReasonMessage.TOO_FEW_ROWS,
  not_comparable: GateReasonMessage.NOT_COMPARABLE,
};

export function toGateReport(
  report: GateReport | undefined,
): MessageInitShape<typeof GateReportSchema> | undefined {
  if (!report) return undefined;
  const { passed, reason, message, candidate, stable, heldOut, comparison } = report;
  return {
    passed,
    reason: REASONS[reason],
    message,
    candidate,
    stable,
    heldOut: heldOut && {
      testRows: BigInt(heldOut.testRows),
      seenRows: BigInt(heldOut.seenRows),
      overlapKnown: heldOut.overlapKnown,
    },
    comparison: comparison && toComparison(comparison),
  };
}

const toDifference = ({ mean, interval }: Difference) => ({ mean, ...interval });
const toScores = ({ macroAuc, ...scores }: VersionScores) => ({ ...scores, macroAuc: macroAuc ?? undefined });

function toComparison(comparison: Comparison): MessageInitShape<typeof GateComparisonSchema> {
  const { rows, clusters, clusteredBy, candidate, stable, macroAuc } = comparison;
  return {
    rows: BigInt(rows),
    clusters: BigInt(clusters),
    clusteredBy,
    candidate: toScores(candidate),
    stable: toScores(stable),
    macroAccuracy: toDifference(comparison.macroAccuracy),
    macroAuc: macroAuc ? toDifference(macroAuc) : undefined,
    priorCorrectedMacroAccuracy: toDifference(comparison.priorCorrectedMacroAccuracy),
  };
}

export function toAliasChange(change: AliasChange): MessageInitShape<typeof AliasChangeSchema> {
  const { time, principal, alias, version, previous, reason, forced, gate } = change;
  return {
    time: timestampFromMs(time),
    principal,
    alias,
    version,
    previousVersion: previous,
    reason,
    forced,
    gate: toGateReport(gate),
  };
}
