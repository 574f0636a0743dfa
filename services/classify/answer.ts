import type { MessageInitShape } from '@bufbuild/protobuf';
import { topClass } from '../../src/evaluation/metrics.ts';
import { correctPriors } from '../../src/evaluation/prior-correction.ts';
import { toProbabilities } from '../../src/models/probabilities.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { ClassifyResponseSchema } from '../gen/vigil/v1/classify_pb.ts';
import { rawTensor } from '../raw-tensor.ts';
import type { Wanted } from './options.ts';

/** The engine's rows: logits `[rows, classes]` as trained, and the embedding `[rows, width]` where it was wanted. */
export interface EngineRows {
  readonly rows: number;
  readonly logits: Float32Array;
  readonly embedding: Float32Array | undefined;
}

/** Everything that is said of the rows; what is not wanted is undefined. */
interface Said {
  readonly rows: number;
  readonly classNames: readonly string[];
  /** Class index per row. */
  readonly top: readonly number[];
  readonly probabilities: Float32Array | undefined;
  readonly logits: Float32Array | undefined;
  readonly embedding: Float32Array | undefined;
  readonly corrected: Float32Array | undefined;
  readonly correctedTop: readonly number[] | undefined;
}

/** The answer to a call; `onPredictions` hears how many rows have a class as their top class. */
export function toResponse(
  { version, manifest }: VersionRecord,
  wanted: Wanted,
  engine: EngineRows,
  onPredictions: (className: string, rows: number) => void,
): MessageInitShape<typeof ClassifyResponseSchema> {
  const { classNames, trainPriors, temperature = 1 } = manifest;
  const { rows, logits, embedding } = engine;
  const divisor = wanted.calibrated ? temperature : 1;
  const probabilities = toProbabilities(logits, classNames.length, divisor);
  const corrected = wanted.priorCorrected ? correctPriors(probabilities, trainPriors) : undefined;
  const top = topClasses(probabilities, rows, classNames.length);
  classNames.forEach((className, k) => {
    const count = top.reduce((sum, best) => sum + Number(best === k), 0);
    if (count > 0) onPredictions(className, count);
  });
  const said: Said = {
    rows,
    classNames,
    top,
    probabilities: wanted.probabilities ? probabilities : undefined,
    logits: wanted.logits ? logits.map((value) => value / divisor) : undefined,
    embedding,
    corrected,
    correctedTop: corrected && topClasses(corrected, rows, classNames.length),
  };
  return {
    modelVersion: version,
    ...(wanted.named ? { classNames: [...classNames] } : {}),
    ...(wanted.format === 'tensors' ? { tensors: toTensors(said) } : { predictions: toPredictions(said) }),
  };
}

const topClasses = (probabilities: Float32Array, rows: number, classes: number): number[] =>
  Array.from({ length: rows }, (_, row) => topClass(probabilities, row, classes));

function toTensors(said: Said): NonNullable<MessageInitShape<typeof ClassifyResponseSchema>['tensors']> {
  const { rows, top, probabilities, logits, embedding, corrected, correctedTop } = said;
  const tensor = (values: Float32Array) => rawTensor(values, [rows, values.length / rows]);
  return {
    topClasses: [...top],
    ...(probabilities && { probabilities: tensor(probabilities) }),
    ...(logits && { logits: tensor(logits) }),
    ...(embedding && { embedding: tensor(embedding) }),
    ...(corrected && { priorCorrectedProbabilities: tensor(corrected) }),
    priorCorrectedTopClasses: [...(correctedTop ?? [])],
  };
}

function toPredictions(
  said: Said,
): NonNullable<MessageInitShape<typeof ClassifyResponseSchema>['predictions']> {
  const { rows, classNames, top, probabilities, logits, embedding, corrected, correctedTop } = said;
  const rowOf = (values: Float32Array, row: number): Float32Array => {
    const width = values.length / rows;
    return values.subarray(row * width, (row + 1) * width);
  };
  const byName = (values: Float32Array, row: number) =>
    classNames.map((className, k) => ({
      className,
      probability: values[row * classNames.length + k]!,
    }));
  return Array.from({ length: rows }, (_, row) => ({
    topClass: classNames[top[row]!]!,
    ...(probabilities && { probabilities: byName(probabilities, row) }),
    ...(logits && { logits: [...rowOf(logits, row)] }),
    ...(embedding && { embedding: [...rowOf(embedding, row)] }),
    ...(corrected && { priorCorrectedProbabilities: byName(corrected, row) }),
    ...(correctedTop && { priorCorrectedTopClass: classNames[correctedTop[row]!]! }),
  }));
}
