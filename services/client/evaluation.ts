import type { ClipScores } from '../../src/evaluation/clip-scores.ts';
import type { GroupScores } from '../../src/evaluation/group-scores.ts';
import type { EpochRecord } from '../../src/evaluation/history.ts';
import type { DecisionScore, Evaluation, LeakCounts } from '../../src/evaluation/metrics.ts';
import type {
  ClipScores as ClipsMessage,
  Evaluation as EvaluationMessage,
  GroupScores as GroupsMessage,
  LeakCounts as LeaksMessage,
} from '../gen/vigil/v1/evaluation_pb.ts';
import type { EpochRecord as EpochMessage } from '../gen/vigil/v1/train_pb.ts';

type Decisions = Pick<EvaluationMessage, 'accuracy' | 'macroAccuracy' | 'perClass' | 'confusion'>;

function fromDecisions({ accuracy, macroAccuracy, perClass, confusion }: Decisions): DecisionScore {
  return {
    accuracy,
    macroAccuracy,
    perClass: perClass.map((score) => ({
      name: score.name,
      rows: Number(score.rows),
      accuracy: score.accuracy ?? null,
      auc: score.auc ?? null,
      f1: score.f1 ?? null,
      precision: score.precision ?? null,
    })),
    confusion: confusion.map(({ counts }) => ({ counts: counts.map(Number) })),
  };
}

const fromGroups = ({ groups, accuracy, macroAccuracy, worst }: GroupsMessage): GroupScores => ({
  groups: Number(groups),
  accuracy: { worst: accuracy!.worst, median: accuracy!.median },
  macroAccuracy: { worst: macroAccuracy!.worst, median: macroAccuracy!.median },
  worst: worst.map((score) => ({
    group: Number(score.group),
    rows: Number(score.rows),
    accuracy: score.accuracy,
    macroAccuracy: score.macroAccuracy,
  })),
});

const fromClips = ({ clips, majority, meanProbability }: ClipsMessage): ClipScores => ({
  clips: Number(clips),
  majority: { accuracy: majority!.accuracy, macroAccuracy: majority!.macroAccuracy },
  meanProbability: {
    accuracy: meanProbability!.accuracy,
    macroAccuracy: meanProbability!.macroAccuracy,
  },
});

const fromLeaks = ({ nearDuplicates, syntheticRows, syntheticCopies }: LeaksMessage): LeakCounts => ({
  nearDuplicates: Number(nearDuplicates),
  syntheticRows: Number(syntheticRows),
  syntheticCopies: Number(syntheticCopies),
});

/** The evaluation as the domain knows it: null where the wire has nothing. */
export function fromEvaluation(message: EvaluationMessage): Evaluation {
  const { rows, macroAuc, macroF1, mcc, brier, ece, logLoss, priorCorrected } = message;
  const { reliability, macroAccuracyInterval: interval, groups, clips, calibration, leaks } = message;
  const plain = calibration?.uncalibrated;
  return {
    rows: Number(rows),
    ...fromDecisions(message),
    macroAuc: macroAuc ?? null,
    macroF1,
    mcc,
    brier,
    ece,
    logLoss,
    priorCorrected: fromDecisions(priorCorrected!),
    reliability: reliability.map((bin) => ({
      rows: Number(bin.rows),
      confidence: bin.confidence,
      accuracy: bin.accuracy,
    })),
    macroAccuracyInterval: interval && { low: interval.low, high: interval.high },
    groups: groups && fromGroups(groups),
    clips: clips && fromClips(clips),
    calibration: calibration && {
      temperature: calibration.temperature,
      ...(plain && { uncalibrated: { brier: plain.brier, ece: plain.ece, logLoss: plain.logLoss } }),
    },
    leaks: leaks && fromLeaks(leaks),
  };
}

export function fromEpoch({
  epoch,
  steps,
  losses,
  validation,
  learningRate,
  classifierUpdates,
  seconds,
}: EpochMessage): EpochRecord {
  const { accuracy = 0, macroAccuracy = 0, macroAuc = null } = validation as Partial<Record<string, number>>;
  return {
    epoch,
    steps: Number(steps),
    losses,
    validation: { accuracy, macroAccuracy, macroAuc },
    learningRate,
    classifierUpdates: Number(classifierUpdates),
    seconds,
  };
}
