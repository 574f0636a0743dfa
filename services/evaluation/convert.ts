import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ClipScores } from '../../src/evaluation/clip-scores.ts';
import type { GroupScores } from '../../src/evaluation/group-scores.ts';
import type { DecisionScore, Evaluation, LeakCounts } from '../../src/evaluation/metrics.ts';
import type {
  ClipScoresSchema,
  EvaluationSchema,
  GroupScoresSchema,
  LeakCountsSchema,
} from '../gen/vigil/v1/evaluation_pb.ts';

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

const toGroups = ({ groups, accuracy, macroAccuracy, worst }: GroupScores) =>
  ({
    groups: BigInt(groups),
    accuracy,
    macroAccuracy,
    worst: worst.map((score) => ({ ...score, group: BigInt(score.group), rows: BigInt(score.rows) })),
  }) satisfies MessageInitShape<typeof GroupScoresSchema>;

const toClips = ({ clips, ...decisions }: ClipScores) =>
  ({ clips: BigInt(clips), ...decisions }) satisfies MessageInitShape<typeof ClipScoresSchema>;

const toLeaks = ({ nearDuplicates, syntheticRows, syntheticCopies }: LeakCounts) =>
  ({
    nearDuplicates: BigInt(nearDuplicates),
    syntheticRows: BigInt(syntheticRows),
    syntheticCopies: BigInt(syntheticCopies),
  }) satisfies MessageInitShape<typeof LeakCountsSchema>;

/** An evaluation as a message; those of earlier versions of Vigil lack some parts. */
export function toEvaluation(evaluation: Evaluation): MessageInitShape<typeof EvaluationSchema> {
  const { rows, macroAuc, macroF1, mcc, brier, ece, logLoss, priorCorrected } = evaluation;
  const { reliability = [], macroAccuracyInterval, groups, clips, calibration, leaks } = evaluation;
  return {
    rows: BigInt(rows),
    ...toDecisions(evaluation),
    macroAuc: set(macroAuc),
    macroF1,
    mcc,
    brier,
    ece,
    logLoss,
    priorCorrected: toDecisions(priorCorrected),
    reliability: reliability.map((bin) => ({ ...bin, rows: BigInt(bin.rows) })),
    macroAccuracyInterval,
    groups: groups && toGroups(groups),
    clips: clips && toClips(clips),
    calibration,
    leaks: leaks && toLeaks(leaks),
  };
}
