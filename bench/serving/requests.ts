/** The same row in the words of each service, as bytes. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ClassifyRequestSchema, ClassifyResponseSchema } from '../../services/gen/vigil/v1/classify_pb.ts';
import { encode } from '../../services/rpc/codec.ts';
import { fillNormal, randomKey } from '../../src/random.ts';
import { CHANNELS, CLASSES, STEPS } from './bundle.ts';

export const METHODS = {
  Classify: '/vigil.v1.ClassifierService/Classify',
  ModelInfer: '/inference.GRPCInferenceService/ModelInfer',
} as const;
export type MethodName = keyof typeof METHODS;
export const METHOD_NAMES = Object.keys(METHODS) as MethodName[];

/** Names in the Open Inference Protocol, which servers choose for themselves. */
export interface InferNames {
  readonly model: string;
  readonly input: string;
  readonly output: string;
}

/** Field numbers of the Open Inference Protocol, version 2. */
const REQUEST = { modelName: 1, inputs: 5, rawInputs: 7 } as const;
const RESPONSE = { modelName: 1, outputs: 5, rawOutputs: 6 } as const;
const TENSOR = { name: 1, datatype: 2, shape: 3 } as const;

/** `[1, 18, 100]`, one row of noise: little-endian float32. */
function row(): Uint8Array {
  return new Uint8Array(fillNormal(randomKey(1, 'bench-row'), new Float32Array(CHANNELS * STEPS)).buffer);
}

function tensor(name: string, shape: readonly number[]): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(TENSOR.name, WireType.LengthDelimited).string(name);
  writer.tag(TENSOR.datatype, WireType.LengthDelimited).string('FP32');
  writer.tag(TENSOR.shape, WireType.LengthDelimited).fork();
  for (const size of shape) writer.int64(size);
  return writer.join().finish();
}

function inferRequest({ model, input }: InferNames): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(REQUEST.modelName, WireType.LengthDelimited).string(model);
  writer.tag(REQUEST.inputs, WireType.LengthDelimited).bytes(tensor(input, [1, CHANNELS, STEPS]));
  writer.tag(REQUEST.rawInputs, WireType.LengthDelimited).bytes(row());
  return writer.finish();
}

/** One row, encoded for the method. */
export function requestOf(method: MethodName, names: InferNames): Uint8Array {
  if (method === 'ModelInfer') return inferRequest(names);
  const shape = [1n, BigInt(CHANNELS), BigInt(STEPS)];
  return encode(ClassifyRequestSchema, { samples: { shape, data: { case: 'raw', value: row() } } });
}

/** An answer as long as a server's: what the no-op sends back. */
export function replyOf(method: MethodName, classNames: readonly string[]): Uint8Array {
  const probability = 1 / CLASSES;
  if (method === 'Classify') {
    const probabilities = classNames.map((className) => ({ className, probability }));
    const predictions = [{ topClass: classNames[0]!, probabilities }];
    return encode(ClassifyResponseSchema, { modelVersion: '1', predictions });
  }
  const writer = new BinaryWriter();
  writer.tag(RESPONSE.modelName, WireType.LengthDelimited).string('stable');
  writer.tag(RESPONSE.outputs, WireType.LengthDelimited).bytes(tensor('probabilities', [1, CLASSES]));
  const values = new Uint8Array(new Float32Array(CLASSES).fill(probability).buffer);
  writer.tag(RESPONSE.rawOutputs, WireType.LengthDelimited).bytes(values);
  return writer.finish();
}
