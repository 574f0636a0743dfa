import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { type ModelProto, ModelProtoSchema } from '../tensor/compile/gen/onnx/onnx_pb.ts';
import { runModel } from '../tensor/onnxruntime/run-model.ts';
import { openReference } from '../tensor/reference/engine.ts';
import { type DetachedClassifier, exportClassifier } from './export-classifier.ts';
import { layoutOf } from './networks.ts';
import { initialWeights, layoutSize } from './parameters.ts';
import { classifyProgram } from './programs.ts';
import type { ModelSpec } from './spec.ts';

const SPEC: ModelSpec = {
  channels: 5,
  steps: 13,
  classes: 4,
  latentSize: 8,
  kernelHeight: 'paper',
  generatorArchitecture: 'paper',
  classifierArchitecture: 'paper',
};

function classifierOf(changes: Partial<ModelSpec> = {}, temperature = 1): DetachedClassifier {
  const spec = { ...SPEC, ...changes };
  const limits = {
    low: Array.from({ length: spec.channels }, (_, c) => -1 - c),
    high: Array.from({ length: spec.channels }, (_, c) => 2 + c / 2),
  };
  const weights = initialWeights(layoutOf('classifier', spec), 3, 'classifier');
  // Biases too, which begin at 0.
  fillNormal(randomKey(4, 'noise'), new Float32Array(weights.length)).forEach((value, i) => {
    weights[i]! += value / 20;
  });
  return { spec, limits, weights, temperature };
}

const samplesOf = ({ channels, steps }: ModelSpec, rows: number) => ({
  shape: [rows, channels, steps],
  values: fillNormal(randomKey(5, 'samples', rows), new Float32Array(rows * channels * steps)).map(
    (value) => 3 * value,
  ),
});

async function referenceOf(
  { spec, limits, weights }: DetachedClassifier,
  rows: number,
): Promise<Float32Array> {
  const engine = await openReference();
  const shapes = { 'classifier/weights': [layoutSize(layoutOf('classifier', spec))] };
  const state = engine.createState(shapes, { 'classifier/weights': weights });
  const executable = await engine.compile(classifyProgram(spec, limits, rows), state);
  const { probabilities } = await executable.run({ samples: samplesOf(spec, rows).values });
  await executable.dispose();
  state.dispose();
  await engine.dispose();
  return probabilities!;
}

/** Probabilities; sums of float32 in another order, seen 1e-7 apart. */
const TOLERANCE = 1e-5;
function expectClose(found: Float32Array, wanted: ArrayLike<number>): void {
  expect(found.length).toBe(wanted.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - wanted[i]!)).toBeLessThan(TOLERANCE);
  });
}

const CASES: [string, Partial<ModelSpec>, number[]][] = [
  ['odd sizes', {}, [1, 7, 130]],
  ['kernels over all channels', { kernelHeight: 'all' }, [1, 7]],
  ["the paper's size", { channels: 18, steps: 100, classes: 3 }, [1, 2]],
  ['one channel, one step, two classes', { channels: 1, steps: 1, classes: 2 }, [1, 7]],
  ['more classes than features', { classes: 200 }, [1, 7]],
  ['residual', { classifierArchitecture: 'residual' }, [1, 7, 130]],
  ['statistics', { classifierArchitecture: 'statistics' }, [1, 7, 130]],
  ['statistics of one step', { classifierArchitecture: 'statistics', steps: 1 }, [1, 7]],
];

test.each(CASES)(
  'an exported classifier answers as the reference does, for any batch: %s',
  async (_, changes, batches) => {
    const classifier = classifierOf(changes);
    const model = await exportClassifier(classifier, {});
    for (const rows of batches) {
      const { probabilities, logits } = await runModel(model, { samples: samplesOf(classifier.spec, rows) });
      expectClose(probabilities!, await referenceOf(classifier, rows));
      expect(logits).toHaveLength(rows * classifier.spec.classes);
    }
  },
);

function softmax(row: Float32Array): number[] {
  const powers = [...row].map((value) => Math.exp(value - Math.max(...row)));
  return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
}

test('the temperature divides the logits, and probabilities are their softmax', async () => {
  const samples = samplesOf(SPEC, 3);
  const plain = await runModel(await exportClassifier(classifierOf(), {}), { samples });
  const model = await exportClassifier(classifierOf({}, 2.5), {});
  const { logits, probabilities } = await runModel(model, { samples });
  expectClose(
    logits!,
    plain.logits!.map((value) => value / 2.5),
  );
  for (let row = 0; row < 3; row++) {
    const [start, end] = [row * SPEC.classes, (row + 1) * SPEC.classes];
    expectClose(probabilities!.subarray(start, end), softmax(logits!.subarray(start, end)));
  }
});

const shapeOf = ({ graph }: ModelProto, name: string): unknown[] => {
  const port = [...graph!.input, ...graph!.output].find((each) => each.name === name)!;
  const { value } = port.type!;
  return value.case === 'tensorType' ? value.value.shape!.dim.map((dim) => dim.value.value) : [];
};

test('the file holds standard operators alone, weights as initializers, an open batch and what it is told to say', async () => {
  const bytes = await exportClassifier(classifierOf(), { classes: '["a"]', version: '3' });
  const model = fromBinary(ModelProtoSchema, bytes);
  expect(model.opsetImport.map(({ domain }) => domain)).toEqual(['']);
  expect(model.graph!.node.every(({ domain }) => domain === '')).toBe(true);
  expect(shapeOf(model, 'samples')).toEqual(['batch', 5n, 13n]);
  expect(shapeOf(model, 'probabilities')).toEqual(['batch', 4n]);
  expect(shapeOf(model, 'logits')).toEqual(['batch', 4n]);
  expect(model.metadataProps.map(({ key, value }) => [key, value])).toEqual([
    ['classes', '["a"]'],
    ['version', '3'],
  ]);
  const initializers = new Map(model.graph!.initializer.map((tensor) => [tensor.name, tensor]));
  const convolutions = model.graph!.node.filter(({ opType }) => opType === 'Conv');
  expect(convolutions.map(({ input }) => initializers.get(input[1]!)?.dims)).toEqual([
    [32n, 1n, 3n, 7n],
    [64n, 32n, 3n, 5n],
    [128n, 64n, 3n, 3n],
  ]);
  const read = new Set(model.graph!.node.flatMap(({ input }) => input));
  for (const name of initializers.keys()) expect(read).toContain(name);
  // Nothing of it is written twice.
  expect(bytes.length).toBeLessThan(1.1 * 4 * classifierOf().weights.length + 4000);
});
