/** Predictions as a table for people and as arrays for programs. */
import { writeNpz } from '../../src/data/npz.ts';
import type { Prediction } from '../gen/vigil/v1/classify_pb.ts';
import { decimal } from './print.ts';

interface Columns {
  readonly titles: readonly string[];
  /** One cell per title. */
  cells(prediction: Prediction): readonly string[];
}

/** The columns of what was answered; an embedding is no column: it goes into a file. */
export function columnsOf([first]: readonly Prediction[], classNames: readonly string[]): Columns {
  const { probabilities = [], priorCorrectedProbabilities: corrected = [], logits = [] } = first ?? {};
  const titles = [
    ...probabilities.map(({ className }) => className),
    ...(corrected.length > 0 ? ['corrected', ...corrected.map(({ className }) => `${className}*`)] : []),
    ...logits.map((_, k) => `logit ${classNames[k]}`),
  ];
  return {
    titles,
    cells: (row) => [
      ...row.probabilities.map(({ probability }) => decimal(probability)),
      ...(corrected.length > 0 ? [row.priorCorrectedTopClass] : []),
      ...row.priorCorrectedProbabilities.map(({ probability }) => decimal(probability)),
      ...row.logits.map((logit) => decimal(logit)),
    ],
  };
}

/** NPZ: `top_class` as an index into `class_names`, and a matrix `[rows, ...]` of each output that was answered. */
export function predictionsNpz(
  predictions: readonly Prediction[],
  classNames: readonly string[],
): Uint8Array {
  const rows = predictions.length;
  const matrix = (rowOf: (prediction: Prediction) => readonly number[]) => {
    const data = Float32Array.from(predictions.flatMap(rowOf));
    return { shape: [rows, data.length / rows], data };
  };
  const outputs = {
    probabilities: matrix(({ probabilities }) => probabilities.map(({ probability }) => probability)),
    prior_corrected_probabilities: matrix((each) =>
      each.priorCorrectedProbabilities.map(({ probability }) => probability),
    ),
    logits: matrix(({ logits }) => logits),
    embedding: matrix(({ embedding }) => embedding),
  };
  return writeNpz({
    top_class: {
      shape: [rows],
      data: Int32Array.from(predictions, ({ topClass }) => classNames.indexOf(topClass)),
    },
    class_names: { shape: [classNames.length], data: classNames },
    ...Object.fromEntries(Object.entries(outputs).filter(([, { data }]) => data.length > 0)),
  });
}
