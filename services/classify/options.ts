import { VigilError } from '../../src/errors.ts';
import { ClassifyFormat, type ClassifyOptions, ClassifyOutput } from '../gen/vigil/v1/classify_pb.ts';

/** What a call wants to know, checked. */
export interface Wanted {
  readonly probabilities: boolean;
  readonly logits: boolean;
  readonly embedding: boolean;
  readonly priorCorrected: boolean;
  /** Divide the logits by the version's temperature. */
  readonly calibrated: boolean;
  readonly format: 'predictions' | 'tensors';
  /** The call has options: the answer names its classes. */
  readonly named: boolean;
}

/** FIELD_INVALID with the path of an output or a format that is not known. */
export function toWanted(options: ClassifyOptions | undefined): Wanted {
  const outputs = new Set(options?.outputs);
  let at = 0;
  for (const output of options?.outputs ?? []) {
    const path = `options.outputs[${at++}]`;
    if (output === ClassifyOutput.UNSPECIFIED || ClassifyOutput[output] === undefined)
      throw VigilError.field(path, String(output), namesOf('CLASSIFY_OUTPUT', ClassifyOutput));
  }
  const format = options?.format ?? ClassifyFormat.UNSPECIFIED;
  if (ClassifyFormat[format] === undefined)
    throw VigilError.field('options.format', String(format), namesOf('CLASSIFY_FORMAT', ClassifyFormat));
  return {
    probabilities: outputs.size === 0 || outputs.has(ClassifyOutput.PROBABILITIES),
    logits: outputs.has(ClassifyOutput.LOGITS),
    embedding: outputs.has(ClassifyOutput.EMBEDDING),
    priorCorrected: outputs.has(ClassifyOutput.PRIOR_CORRECTED_PROBABILITIES),
    calibrated: !options?.uncalibrated,
    format: format === ClassifyFormat.TENSORS ? 'tensors' : 'predictions',
    named: options !== undefined,
  };
}

/** The values that a caller may set, under their names in the proto. */
function namesOf(prefix: string, values: object): string {
  const names = Object.keys(values).filter((name) => Number.isNaN(Number(name)) && name !== 'UNSPECIFIED');
  return names.map((name) => `${prefix}_${name}`).join(', ');
}
