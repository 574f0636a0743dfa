import type { Evaluation } from '../gen/vigil/v1/evaluation_pb.ts';
import { decimal, percent, write, writeTable } from './print.ts';

/** An evaluation for people: the scores of all rows, then one line per class. */
export function writeEvaluation(evaluation: Evaluation): void {
  const { rows, accuracy, macroAccuracy, macroAuc, macroF1, mcc, ece, logLoss, priorCorrected } = evaluation;
  write(
    `rows ${rows}  accuracy ${percent(accuracy)}  macro accuracy ${percent(macroAccuracy)}  macro AUC ${decimal(macroAuc)}`,
  );
  write(
    `macro F1 ${decimal(macroF1)}  MCC ${decimal(mcc)}  ECE ${decimal(ece)}  log loss ${decimal(logLoss)}`,
  );
  write(
    `with prior correction: accuracy ${percent(priorCorrected?.accuracy)}  macro accuracy ${percent(priorCorrected?.macroAccuracy)}`,
  );
  const corrected = priorCorrected?.perClass ?? [];
  writeTable(
    ['class', 'rows', 'accuracy', 'AUC', 'F1', 'precision', 'prior-corrected'],
    evaluation.perClass.map((score, k) => [
      score.name,
      String(score.rows),
      percent(score.accuracy),
      decimal(score.auc),
      decimal(score.f1),
      percent(score.precision),
      percent(corrected[k]?.accuracy),
    ]),
  );
}
