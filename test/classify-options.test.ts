/** What Classify answers, in which form, and that it is the same however rows are cut into calls. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ClassifyFormat,
  ClassifyOutput,
  type ClassifyResponse,
} from '../services/gen/vigil/v1/classify_pb.ts';
import type { Tensor } from '../services/gen/vigil/v1/tensor_pb.ts';
import { openDataset } from '../src/data/open-dataset.ts';
import { readSafetensors } from '../src/data/safetensors.ts';
import { fillNormal, integerAt, permutation, randomKey } from '../src/random.ts';
import { rawOf, startServer, type TestServer, trainToEnd } from './support/server.ts';
import { expectTold } from './support/told.ts';

let server: TestServer;
let temperature: number;
let priors: number[];
let bundle: string;
let data: Float32Array;
const DATASET = 'simulated:small?rows=120&steps=16';
const SIZE = 18 * 16;
const ALL = [
  ClassifyOutput.PROBABILITIES,
  ClassifyOutput.LOGITS,
  ClassifyOutput.EMBEDDING,
  ClassifyOutput.PRIOR_CORRECTED_PROBABILITIES,
];
const tensors = (outputs: ClassifyOutput[], uncalibrated = false) => ({
  outputs,
  format: ClassifyFormat.TENSORS,
  uncalibrated,
});

beforeAll(async () => {
  data = (await openDataset(DATASET)).dataset.values;
  server = await startServer({ VIGIL_MAX_ROWS_PER_CALL: '200', VIGIL_MAX_BATCH_ROWS: '16' });
  const version = await trainToEnd(server, {
    requestId: 'first',
    dataset: DATASET,
    regime: 'classifier_only',
    options: { epochs: 3, classifierLearningRate: 3e-3 },
  });
  await server.models.setAlias({ alias: 'stable', version });
  const { version: model } = await server.models.getModelVersion({ model: '' });
  temperature = model!.evaluation!.calibration!.temperature;
  const { classRows } = model!.lineage!.configuration as unknown as { classRows: number[] };
  const rows = classRows.reduce((sum, count) => sum + count, 0);
  priors = classRows.map((count) => count / rows);
  bundle = join(server.directory, 'models', model!.lineage!.run.replace('runs/', ''));
}, 120_000);

afterAll(() => server?.stop());

/** Rows of the data, again and again, with some noise. */
const valuesOf = (rows: number): Float32Array =>
  fillNormal(randomKey(3, 'rows'), new Float32Array(rows * SIZE)).map(
    (value, i) => 0.05 * value + data[i % data.length]!,
  );
const samplesOf = (values: Float32Array) => ({
  shape: [BigInt(values.length / SIZE), 18n, 16n],
  data: { case: 'raw' as const, value: rawOf(values) },
});
const floatsOf = (tensor: Tensor | undefined): Float32Array =>
  new Float32Array(Uint8Array.from(tensor!.data.value as Uint8Array).buffer);
/** The allowed difference is that of float32 sums in another order: batches of other sizes use other kernels. */
function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-5): void {
  expect(found.length).toBe(wanted.length);
  const off = Array.from(wanted, (value, i) => Math.abs(found[i]! - value) / Math.max(1, Math.abs(value)));
  expect(Math.max(...off)).toBeLessThan(tolerance);
}
function softmax(logits: readonly number[], divisor = 1): number[] {
  const weights = logits.map((logit) => Math.exp(logit / divisor));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
const argmax = (row: readonly number[]): number => row.indexOf(Math.max(...row));

test('a request without options is answered as ever', async () => {
  const answer = await server.classifier.classify({ samples: samplesOf(valuesOf(2)) });
  expect(answer).toMatchObject({ modelVersion: '1', classNames: [] });
  expect(answer.tensors).toBeUndefined();
  expect(answer.predictions).toHaveLength(2);
  for (const prediction of answer.predictions) {
    expect(prediction.probabilities).toHaveLength(3);
    expect(prediction).toMatchObject({
      logits: [],
      embedding: [],
      priorCorrectedProbabilities: [],
      priorCorrectedTopClass: '',
    });
  }
});

test('the top class alone is that of the whole answer, in either form', async () => {
  const samples = samplesOf(valuesOf(20));
  const { predictions: whole } = await server.classifier.classify({ samples });
  const outputs = [ClassifyOutput.TOP_CLASS];
  const small = await server.classifier.classify({ samples, options: { outputs } });
  expect(small.predictions.map(({ topClass }) => topClass)).toEqual(whole.map(({ topClass }) => topClass));
  expect(small.predictions.flatMap(({ probabilities }) => probabilities)).toEqual([]);
  const { tensors: compact, classNames } = await server.classifier.classify({
    samples,
    options: tensors(outputs),
  });
  expect(compact!.topClasses.map((k) => classNames[k])).toEqual(whole.map(({ topClass }) => topClass));
  expect([compact!.probabilities, compact!.logits, compact!.embedding]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(new Set(compact!.topClasses).size).toBeGreaterThan(1);
});

test('logits, temperature, probabilities and priors fit together as the formulas say', async () => {
  expect(temperature).not.toBe(1);
  expect(new Set(priors).size).toBeGreaterThan(1);
  const samples = samplesOf(valuesOf(20));
  const calibrated = (await server.classifier.classify({ samples, options: tensors(ALL) })).tensors!;
  const raw = (await server.classifier.classify({ samples, options: tensors(ALL, true) })).tensors!;
  expect(calibrated.logits!.shape).toEqual([20n, 3n]);
  const trained = floatsOf(raw.logits);
  expectClose(
    floatsOf(calibrated.logits),
    trained.map((logit) => logit / temperature),
  );
  expectClose(floatsOf(calibrated.embedding), floatsOf(raw.embedding));
  for (const [answer, divisor] of [
    [calibrated, temperature],
    [raw, 1],
  ] as const) {
    for (let row = 0; row < 20; row++) {
      const cut = (tensor: Tensor | undefined): number[] => [
        ...floatsOf(tensor).subarray(3 * row, 3 * row + 3),
      ];
      const probabilities = softmax([...trained.subarray(3 * row, 3 * row + 3)], divisor);
      expectClose(cut(answer.probabilities), probabilities);
      const weights = probabilities.map((p, k) => p / priors[k]!);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const corrected = weights.map((weight) => weight / total);
      expectClose(cut(answer.priorCorrectedProbabilities), corrected);
      expect(answer.topClasses[row]).toBe(argmax(probabilities));
      expect(answer.priorCorrectedTopClasses[row]).toBe(argmax(corrected));
    }
  }
});

test('the embedding is what the last layer makes logits of', async () => {
  const { tensors: answer } = await server.classifier.classify({
    samples: samplesOf(valuesOf(5)),
    options: tensors([ClassifyOutput.EMBEDDING, ClassifyOutput.LOGITS], true),
  });
  const file = join(bundle, 'classifier.safetensors');
  const { arrays } = readSafetensors(await readFile(file), file);
  const kernel = arrays.get('dense/kernel')!.values;
  const bias = arrays.get('dense/bias')!.values;
  const width = kernel.length / 3;
  expect(answer!.embedding!.shape).toEqual([5n, BigInt(width)]);
  const embedding = floatsOf(answer!.embedding);
  const logits = Array.from({ length: 15 }, (_, i) => {
    const [row, k] = [Math.floor(i / 3), i % 3];
    let sum = bias[k]!;
    for (let j = 0; j < width; j++) sum += embedding[row * width + j]! * kernel[j * 3 + k]!;
    return sum;
  });
  expectClose(floatsOf(answer!.logits), logits);
});

test('predictions and tensors say the same', async () => {
  const samples = samplesOf(valuesOf(7));
  const compact = (await server.classifier.classify({ samples, options: tensors(ALL) })).tensors!;
  const { predictions, classNames } = await server.classifier.classify({
    samples,
    options: { outputs: ALL },
  });
  const byName = (each: readonly { className: string; probability: number }[]): number[] => {
    expect(each.map(({ className }) => className)).toEqual(classNames);
    return each.map(({ probability }) => probability);
  };
  expectClose(
    predictions.flatMap(({ probabilities }) => byName(probabilities)),
    floatsOf(compact.probabilities),
  );
  expectClose(
    predictions.flatMap((each) => byName(each.priorCorrectedProbabilities)),
    floatsOf(compact.priorCorrectedProbabilities),
  );
  expectClose(
    predictions.flatMap(({ logits }) => logits),
    floatsOf(compact.logits),
  );
  expectClose(
    predictions.flatMap(({ embedding }) => embedding),
    floatsOf(compact.embedding),
  );
  expect(predictions.map((each) => classNames.indexOf(each.priorCorrectedTopClass))).toEqual(
    compact.priorCorrectedTopClasses,
  );
});

/** Everything asked for in one call is compared with the same rows in parts, sent together so that they share batches. */
test.each([1, 2, 3, 4, 5])(
  'rows in any parts, in any order, by callers who want other things, are answered as at once (%i)',
  async (seed) => {
    const rows = 150;
    const values = valuesOf(rows);
    const { tensors: whole } = await server.classifier.classify({
      samples: samplesOf(values),
      options: tensors(ALL),
    });
    const parts: [from: number, to: number][] = [];
    for (let at = 0, from = 0; from < rows; at++) {
      const to = Math.min(rows, from + integerAt(randomKey(seed, 'parts'), at, 40) + 1);
      parts.push([from, to]);
      from = to;
    }
    const order = [...permutation(randomKey(seed, 'order'), parts.length)];
    const wanted = [ALL, [ClassifyOutput.PROBABILITIES], [ClassifyOutput.LOGITS, ClassifyOutput.EMBEDDING]];
    const answers = await Promise.all(
      order.map(async (part, at) => {
        const [from, to] = parts[part]!;
        const samples = samplesOf(values.slice(from * SIZE, to * SIZE));
        const options = tensors(wanted[at % wanted.length]!);
        return [from, to, (await server.classifier.classify({ samples, options })).tensors!] as const;
      }),
    );
    let compared = 0;
    for (const [from, to, answer] of answers) {
      expect(answer.topClasses).toEqual(whole!.topClasses.slice(from, to));
      for (const output of ['probabilities', 'logits', 'embedding'] as const) {
        if (!answer[output]) continue;
        compared += 1;
        const width = Number(whole![output]!.shape[1]);
        expect(answer[output].shape).toEqual([BigInt(to - from), BigInt(width)]);
        expectClose(floatsOf(answer[output]), floatsOf(whole![output]).subarray(from * width, to * width));
      }
    }
    expect(compared).toBeGreaterThan(parts.length);
  },
);

test('a call has at most VIGIL_MAX_ROWS_PER_CALL rows; the error names both numbers', async () => {
  const ask = (rows: number): Promise<ClassifyResponse> =>
    server.classifier.classify({ samples: samplesOf(valuesOf(rows)) });
  expect((await ask(200)).predictions).toHaveLength(200);
  await expectTold(ask(201), [
    'INVALID_ARGUMENT',
    'TENSOR_INVALID',
    'samples.shape',
    /found 201 rows; allowed: at most 200 in a call \(VIGIL_MAX_ROWS_PER_CALL\)/,
  ]);
});

test.each<[outputs: number[], format: number, field: string, text: RegExp]>([
  [[3, 99], 0, 'options.outputs[1]', /found 99; allowed: CLASSIFY_OUTPUT_TOP_CLASS, /],
  [[0], 0, 'options.outputs[0]', /found 0; allowed: /],
  [[], 9, 'options.format', /found 9; allowed: CLASSIFY_FORMAT_PREDICTIONS, CLASSIFY_FORMAT_TENSORS/],
])('outputs %j in format %i are refused', async (outputs, format, field, text) => {
  const call = server.classifier.classify({
    samples: samplesOf(valuesOf(1)),
    options: { outputs, format },
  });
  await expectTold(call, ['INVALID_ARGUMENT', 'FIELD_INVALID', field, text]);
});
