/** Requests that succeed, to start from: a mutation of a good request gets deeper than noise does. */
import { create, type DescMethod, fromJson, type JsonValue, type Message } from '@bufbuild/protobuf';

const ROW = Buffer.from(new Float32Array(18 * 16).map((_, i) => Math.sin(i)).buffer).toString('base64');
const SAMPLES = { shape: ['1', '18', '16'], raw: ROW };
const TRAIN = {
  requestId: 'fuzz',
  dataset: 'simulated:small?rows=60&steps=16',
  regime: 'classifier_only',
  options: { epochs: 1 },
};
const INFER = {
  modelName: 'stable',
  inputs: [{ name: 'samples', datatype: 'FP32', shape: ['1', '18', '16'] }],
  rawInputContents: [ROW],
};

const SEEDS: Readonly<Record<string, JsonValue>> = {
  'vigil.v1.ClassifierService.Classify': { model: 'stable', samples: SAMPLES },
  'vigil.v1.SynthesizerService.Synthesize': { counts: [{ className: 'alert', rows: '3' }], chunkRows: 2 },
  'vigil.v1.TrainingService.Train': TRAIN,
  'vigil.v1.TrainingService.GetRun': { name: 'runs/1' },
  'vigil.v1.ModelService.GetModelVersion': { model: 'stable' },
  'vigil.v1.ModelService.SetAlias': { alias: 'shadow', version: '1' },
  'inference.GRPCInferenceService.ModelInfer': INFER,
};

/** A good request of the method where one is known, else an empty one. A new object each time. */
export function seedOf(method: DescMethod): Message {
  const seed = SEEDS[`${method.parent.typeName}.${method.name}`];
  return seed === undefined
    ? create(method.input)
    : fromJson(method.input, seed, { ignoreUnknownFields: true });
}
