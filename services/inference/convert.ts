/** ModelInfer's messages, and what the model takes and gives. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { VigilError } from '../../src/errors.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import { checkFinite, floatsOf, invalidTensor } from '../classify/values.ts';
import type {
  InferTensorContents,
  ModelInferRequest_InferInputTensor as InputTensor,
  ModelInferRequest,
  ModelInferResponseSchema,
} from '../gen/inference/grpc_service_pb.ts';
import {
  type Answers,
  classification,
  DEFAULT_OUTPUT,
  OUTPUTS,
  type OutputName,
  type OutputTensor,
} from './outputs.ts';
import { refuseUnoffered, wholeNumber } from './parameters.ts';

/** Name of the one tensor that goes in. */
export const INPUT = 'samples';

/** A request that can run. */
export interface Inference {
  readonly rows: number;
  /** `[rows, channels, steps]`, finite; borrowed from the request. */
  readonly values: Float32Array;
  readonly outputs: readonly RequestedOutput[];
}

export interface RequestedOutput {
  readonly name: string;
  readonly tensor: OutputTensor;
}

/** Checks a request against the model. Errors: TENSOR_INVALID and FIELD_INVALID, with the path of what is wrong. */
export function toInference(request: ModelInferRequest, model: BundleManifest, maxRows: number): Inference {
  const { inputs, outputs, rawInputContents: raw } = request;
  const [input] = inputs;
  if (!input) throw invalidTensor('inputs', 'none', `one tensor, "${INPUT}"`);
  inputs.forEach(({ name }, i) => {
    const field = `inputs[${i}].name`;
    if (name !== INPUT) throw VigilError.field(field, JSON.stringify(name), `"${INPUT}"`);
    if (i > 0) throw VigilError.field(field, `"${INPUT}" a second time`, 'each input once');
  });
  refuseUnoffered(input.parameters, 'inputs[0].parameters');
  if (input.datatype !== 'FP32') {
    throw invalidTensor('inputs[0].datatype', JSON.stringify(input.datatype), '"FP32"');
  }
  const rows = rowsOf(input, model);
  if (rows > maxRows) {
    const allowed = `at most ${maxRows} in a call (VIGIL_MAX_ROWS_PER_CALL)`;
    throw invalidTensor('inputs[0].shape', `${rows} rows`, allowed);
  }
  const elements = rows * model.channels * model.steps;
  const values = raw.length > 0 ? fromRaw(raw, input, elements) : fromContents(input, elements);
  checkFinite(values, raw.length > 0 ? 'raw_input_contents[0]' : 'inputs[0].contents.fp32_contents', model);
  return { rows, values, outputs: toOutputs(outputs, model.classNames.length) };
}

function rowsOf({ shape }: InputTensor, { channels, steps }: BundleManifest): number {
  const rows = shape[0] ?? 0n;
  const fits = shape.length === 3 && rows >= 1n && rows <= 2n ** 31n;
  if (fits && Number(shape[1]) === channels && Number(shape[2]) === steps) return Number(rows);
  const allowed = `[rows, ${channels}, ${steps}] with rows of at least 1`;
  throw invalidTensor('inputs[0].shape', `[${shape.join(', ')}]`, allowed);
}

function fromRaw(
  raw: readonly Uint8Array[],
  { contents, shape }: InputTensor,
  elements: number,
): Float32Array {
  if (contents)
    throw invalidTensor('inputs[0].contents', 'contents beside raw_input_contents', 'one of the two');
  if (raw.length > 1)
    throw invalidTensor('raw_input_contents', `${raw.length} elements`, 'one for each input, so 1');
  const bytes = raw[0]!;
  if (bytes.byteLength === elements * 4) return floatsOf(bytes);
  const allowed = `${elements * 4} bytes (${elements} x 4) for shape [${shape.join(', ')}]`;
  throw invalidTensor('raw_input_contents[0]', `${bytes.byteLength} bytes`, allowed);
}

/** Fields of `contents` that are of another datatype, under their names in the proto. */
const OTHER_CONTENTS = {
  boolContents: 'bool_contents',
  intContents: 'int_contents',
  int64Contents: 'int64_contents',
  uintContents: 'uint_contents',
  uint64Contents: 'uint64_contents',
  fp64Contents: 'fp64_contents',
  bytesContents: 'bytes_contents',
} as const satisfies Partial<Record<keyof InferTensorContents, string>>;

function fromContents({ contents, shape }: InputTensor, elements: number): Float32Array {
  const floats = 'inputs[0].contents.fp32_contents';
  if (!contents)
    throw invalidTensor('inputs[0].contents', 'none, and no raw_input_contents', 'one of the two');
  for (const [key, name] of Object.entries(OTHER_CONTENTS)) {
    const { length } = contents[key as keyof typeof OTHER_CONTENTS];
    if (length === 0) continue;
    throw invalidTensor(`inputs[0].contents.${name}`, `${length} values`, 'none: FP32 is in fp32_contents');
  }
  const { fp32Contents: values } = contents;
  if (values.length === elements) return Float32Array.from(values);
  throw invalidTensor(floats, `${values.length} values`, `${elements} for shape [${shape.join(', ')}]`);
}

function toOutputs(asked: ModelInferRequest['outputs'], classes: number): RequestedOutput[] {
  if (asked.length === 0) return [{ name: DEFAULT_OUTPUT, tensor: OUTPUTS[DEFAULT_OUTPUT] }];
  const seen = new Set<string>();
  return asked.map(({ name, parameters }, i) => {
    const field = `outputs[${i}]`;
    if (!Object.hasOwn(OUTPUTS, name)) {
      const allowed = Object.keys(OUTPUTS).map((each) => `"${each}"`);
      throw VigilError.field(`${field}.name`, JSON.stringify(name), allowed.join(', '));
    }
    if (seen.has(name))
      throw VigilError.field(`${field}.name`, `"${name}" a second time`, 'each output once');
    seen.add(name);
    refuseUnoffered(parameters, `${field}.parameters`);
    const top = parameters.classification;
    if (!top) return { name, tensor: OUTPUTS[name as OutputName] };
    const path = `${field}.parameters["classification"]`;
    if (name !== DEFAULT_OUTPUT)
      throw VigilError.field(path, `a value for "${name}"`, `none but for "${DEFAULT_OUTPUT}"`);
    return { name, tensor: classification(wholeNumber(top, path, 1, classes)) };
  });
}

/** The answer: every output as bytes, whatever form the input had. */
export function toInferResponse(
  { name, version, id }: { name: string; version: string; id: string },
  outputs: readonly RequestedOutput[],
  answers: Answers,
): MessageInitShape<typeof ModelInferResponseSchema> {
  const { rows, classNames } = answers;
  return {
    modelName: name,
    modelVersion: version,
    id,
    outputs: outputs.map(({ name, tensor: { datatype, width } }) => ({
      name,
      datatype,
      shape: [BigInt(rows), BigInt(width(classNames.length))],
    })),
    rawOutputContents: outputs.map(({ tensor }) => tensor.bytes(answers)),
  };
}
