import type { EpochRecord } from '../../src/evaluation/history.ts';
import type { DecisionScore, Evaluation } from '../../src/evaluation/metrics.ts';
import type { Evaluation as EvaluationMessage } from '../gen/vigil/v1/evaluation_pb.ts';
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

/** The evaluation as the domain knows it: null where the wire has nothing. */
export function fromEvaluation(message: EvaluationMessage): Evaluation {
  const { rows, macroAuc, macroF1, mcc, brier, ece, logLoss, priorCorrected } = message;
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
