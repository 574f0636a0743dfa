import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { DecisionScore, Evaluation } from '../../src/evaluation/metrics.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { EvaluationSchema } from '../gen/vigil/v1/evaluation_pb.ts';
import type { ModelVersionSchema } from '../gen/vigil/v1/models_pb.ts';

/** Absent on the wire where we have null. */
const set = (value: number | null): number | undefined => value ?? undefined;

function toDecisions(score: DecisionScore) {
  return {
    accuracy: score.accuracy,
    macroAccuracy: score.macroAccuracy,
    perClass: score.perClass.map(({ name, rows, accuracy, auc, f1, precision }) => ({
      name,
      rows: BigInt(rows),
      accuracy: set(accuracy),
      auc: set(auc),
      f1: set(f1),
      precision: set(precision),
    })),
    confusion: score.confusion.map(({ counts }) => ({ counts: counts.map(BigInt) })),
  };
}

export function toEvaluation(evaluation: Evaluation): MessageInitShape<typeof EvaluationSchema> {
  const { rows, macroAuc, macroF1, mcc, brier, ece, logLoss, priorCorrected } = evaluation;
  const { perClass, confusion, accuracy, macroAccuracy } = toDecisions(evaluation);
  return {
    rows: BigInt(rows),
    accuracy,
    macroAccuracy,
    macroAuc: set(macroAuc),
    macroF1,
    mcc,
    brier,
    ece,
    logLoss,
    perClass,
    confusion,
    priorCorrected: toDecisions(priorCorrected),
  };
}

export function toModelVersion(
  record: VersionRecord,
  aliases: readonly string[],
  loaded: boolean,
): MessageInitShape<typeof ModelVersionSchema> {
  const { version, createTime, manifest, sha256 } = record;
  const { classNames, channelNames, steps, hasGenerator, evaluation, lineage } = manifest;
  return {
    version,
    aliases: [...aliases],
    createTime: timestampFromMs(createTime),
    classNames: [...classNames],
    channelNames: [...channelNames],
    steps,
    hasGenerator,
    evaluation: toEvaluation(evaluation),
    lineage: {
      ...lineage,
      seed: BigInt(lineage.seed),
      configuration: lineage.configuration as JsonObject,
    },
    sha256,
    loaded,
  };
}
