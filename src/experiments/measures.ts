/** The numbers of a run that tables show, by name. */
import type { Evaluation } from '../evaluation/metrics.ts';
import type { ExperimentRow } from './experiment.ts';
import type { RunResult } from './run-result.ts';

/** Null where a number does not exist: an AUC without both sides, videos without clip ids, Bayes without latents. */
export interface Measures {
  readonly macroAccuracy: number;
  readonly accuracy: number;
  readonly macroAuc: number | null;
  readonly macroF1: number;
  readonly mcc: number;
  readonly brier: number;
  readonly ece: number;
  readonly logLoss: number;
  /** Accuracy over videos, by the majority of windows and by their mean probability. */
  readonly videoMajority: number | null;
  readonly videoMeanProbability: number | null;
  /** Of the classes of test rows in C's penultimate layer. */
  readonly silhouette: number;
  readonly purity: number;
  /** Score minus that of the Bayes classifier with the same aim: below 0, but for chance. */
  readonly accuracyToBayes: number | null;
  readonly macroAccuracyToBayes: number | null;
  readonly classifierUpdates: number;
}

export type MeasureName = keyof Measures;

/** How a measure is called and written. */
export interface MeasureStyle {
  readonly title: string;
  /** Shares are written in percent, and their differences in points. */
  readonly unit: 'share' | 'number' | 'count';
}

export const MEASURES: Readonly<Record<MeasureName, MeasureStyle>> = {
  macroAccuracy: { title: 'macro accuracy', unit: 'share' },
  accuracy: { title: 'accuracy', unit: 'share' },
  macroAuc: { title: 'macro AUC', unit: 'number' },
  macroF1: { title: 'macro F1', unit: 'number' },
  mcc: { title: 'MCC', unit: 'number' },
  brier: { title: 'Brier', unit: 'number' },
  ece: { title: 'ECE', unit: 'number' },
  logLoss: { title: 'log loss', unit: 'number' },
  videoMajority: { title: 'accuracy by video, majority', unit: 'share' },
  videoMeanProbability: { title: 'accuracy by video, mean probability', unit: 'share' },
  silhouette: { title: 'silhouette', unit: 'number' },
  purity: { title: 'neighbour purity', unit: 'share' },
  accuracyToBayes: { title: 'accuracy, to Bayes', unit: 'share' },
  macroAccuracyToBayes: { title: 'macro accuracy, to Bayes', unit: 'share' },
  classifierUpdates: { title: 'updates of C', unit: 'count' },
};

/** Measures whose differences are tested, and the mean difference below which they are ties (docs/evaluation.md). */
export const TIES = { macroAccuracy: 0.01, macroAuc: 0.005, silhouette: 0.01, purity: 0.01 } as const;
export type ComparedMeasure = keyof typeof TIES;

/** The evaluation that a row's scores come from. */
export const evaluationOf = (row: ExperimentRow, result: RunResult): Evaluation =>
  row.priorCorrected ? result.priorCorrected : result.evaluation;

/** A run's numbers as a row scores it. */
export function measuresOf(row: ExperimentRow, result: RunResult): Measures {
  const { bayes, separability, classifierUpdates } = result;
  const { accuracy, macroAccuracy, macroAuc, macroF1, mcc, brier, ece, logLoss, clips } = evaluationOf(
    row,
    result,
  );
  return {
    macroAccuracy,
    accuracy,
    macroAuc,
    macroF1,
    mcc,
    brier,
    ece,
    logLoss,
    videoMajority: clips?.majority.accuracy ?? null,
    videoMeanProbability: clips?.meanProbability.accuracy ?? null,
    silhouette: separability.silhouette,
    purity: separability.purity,
    accuracyToBayes: bayes && accuracy - bayes.trainPriors.accuracy,
    macroAccuracyToBayes: bayes && macroAccuracy - bayes.priorFree.macroAccuracy,
    classifierUpdates,
  };
}
