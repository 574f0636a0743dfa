import type { Evaluation } from '../gen/vigil/v1/evaluation_pb.ts';
import { decimal, percent, write, writeTable } from './print.ts';

/** An evaluation for people: the scores of all rows, by group and clip where there are any, then one line per class. */
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
  writeCalibration(evaluation);
  writeGroups(evaluation);
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

function writeCalibration({ calibration, ece, logLoss, leaks }: Evaluation): void {
  const { temperature, uncalibrated } = calibration ?? {};
  if (uncalibrated)
    write(
      `calibrated with temperature ${decimal(temperature)}: ECE ${decimal(uncalibrated.ece)} before, ${decimal(ece)} after; log loss ${decimal(uncalibrated.logLoss)} before, ${decimal(logLoss)} after`,
    );
  if (leaks && leaks.nearDuplicates + leaks.syntheticCopies > 0n)
    write(
      `leaks: ${leaks.nearDuplicates} test rows as good as equal to training or validation rows, ${leaks.syntheticCopies} of ${leaks.syntheticRows} synthetic rows as good as equal to test rows`,
    );
}

function writeGroups({ groups, clips, macroAccuracyInterval }: Evaluation): void {
  if (groups) {
    const { accuracy, macroAccuracy } = groups;
    const interval = macroAccuracyInterval
      ? `  macro accuracy ${percent(macroAccuracyInterval.low)} to ${percent(macroAccuracyInterval.high)} (95 % over groups)`
      : '';
    write(
      `${groups.groups} groups: worst accuracy ${percent(accuracy?.worst)}, median ${percent(accuracy?.median)}; worst macro accuracy ${percent(macroAccuracy?.worst)}, median ${percent(macroAccuracy?.median)}${interval}`,
    );
  }
  if (clips) {
    const { majority, meanProbability } = clips;
    write(
      `${clips.clips} clips: accuracy ${percent(majority?.accuracy)} by majority, ${percent(meanProbability?.accuracy)} by mean probability; macro accuracy ${percent(majority?.macroAccuracy)}, ${percent(meanProbability?.macroAccuracy)}`,
    );
  }
}
