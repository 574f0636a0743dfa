/** Open Inference Protocol v2 over a real socket, beside Classify. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GRPCInferenceService, type ModelInferResponse } from '../services/gen/inference/grpc_service_pb.ts';
import {
  DataType,
  ModelInstanceGroup_Kind as InstanceKind,
} from '../services/gen/inference/model_config_pb.ts';
import { projectVersion } from '../services/project.ts';
import { rawOf, startServer, type TestServer, trainToEnd } from './support/server.ts';
import { expectTold, type Told } from './support/told.ts';

const CLASSES = 3;
let server: TestServer;
let oip: ReturnType<typeof connect>;
const connect = () => server.connection.service(GRPCInferenceService);

beforeAll(async () => {
  server = await startServer({ VIGIL_MAX_BATCH_ROWS: '16', VIGIL_MAX_RESIDENT_MODELS: '1' });
  oip = connect();
  for (const seed of [1n, 2n, 3n]) {
    await trainToEnd(server, {
      requestId: `${seed}`,
      dataset: 'simulated:small?rows=60&steps=16',
      regime: 'classifier_only',
      options: { epochs: 1, seed },
    });
  }
  await server.models.setAlias({ alias: 'stable', version: '1' });
}, 120_000);

afterAll(() => server?.stop());

/** Rows that differ from each other. */
const valuesOf = (rows: number): number[] =>
  Array.from({ length: rows * 288 }, (_, i) => Math.fround(Math.sin(i * 0.37) * (1 + (i % 7))));
const inputOf = (rows: number) => ({ name: 'samples', datatype: 'FP32', shape: [BigInt(rows), 18n, 16n] });
const requestOf = (rows: number) => ({
  inputs: [inputOf(rows)],
  rawInputContents: [rawOf(valuesOf(rows))],
});
const floats = (reply: ModelInferResponse, output = 0): number[] => {
  const bytes = Uint8Array.from(reply.rawOutputContents[output]!);
  return [...new Float32Array(bytes.buffer)];
};
const statisticsOf = async (name: string) => {
  const { modelStats } = await oip.modelStatistics({ name });
  expect(modelStats).toHaveLength(1);
  return modelStats[0]!;
};

test('the server is live and ready, and says what it is', async () => {
  expect(await oip.serverLive({})).toMatchObject({ live: true });
  expect(await oip.serverReady({})).toMatchObject({ ready: true });
  expect(await oip.serverMetadata({})).toMatchObject({
    name: 'vigil',
    version: projectVersion(),
    extensions: ['classification', 'model_configuration', 'statistics'],
  });
});

test('answers are those of Classify, whatever the form of the input, and the id comes back', async () => {
  const raw = rawOf(valuesOf(3));
  const { predictions } = await server.classifier.classify({
    samples: { shape: [3n, 18n, 16n], data: { case: 'raw', value: raw } },
  });
  const wanted = predictions.flatMap(({ probabilities }) =>
    probabilities.map(({ probability }) => probability),
  );
  const reply = await oip.modelInfer({ ...requestOf(3), id: 'row-7' });
  expect(reply).toMatchObject({ modelName: 'stable', modelVersion: '1', id: 'row-7' });
  expect(reply.outputs).toMatchObject([
    { name: 'probabilities', datatype: 'FP32', shape: [3n, BigInt(CLASSES)] },
  ]);
  expect(floats(reply)).toEqual(wanted);
  const contents = { fp32Contents: valuesOf(3) };
  const typed = await oip.modelInfer({ inputs: [{ ...inputOf(3), contents }] });
  expect(floats(typed)).toEqual(wanted);

  const outputs = [{ name: 'top_class' }, { name: 'top_class_name' }];
  const top = await oip.modelInfer({ ...requestOf(3), outputs });
  const indices = [...new BigInt64Array(Uint8Array.from(top.rawOutputContents[0]!).buffer)].map(Number);
  const names = predictions.map(({ topClass }) => topClass);
  expect(indices.map((k, row) => predictions[row]!.probabilities[k]!.className)).toEqual(names);
  const text = Buffer.from(top.rawOutputContents[1]!);
  for (let row = 0, at = 0; row < 3; row++) {
    const length = text.readUInt32LE(at);
    expect(text.toString('utf8', at + 4, at + 4 + length)).toBe(names[row]);
    at += 4 + length;
  }
});

test('predictions and calls are measured as those of Classify', async () => {
  const exposed = async (): Promise<string> => (await fetch(`${server.ops}/metrics`)).text();
  const count = (text: string): number =>
    [...text.matchAll(/^vigil_predictions_total\{.*alias="candidate".*\} (\d+)$/gm)].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  const before = count(await exposed());
  await oip.modelInfer({ ...requestOf(5), modelName: 'candidate' });
  const after = await exposed();
  expect(count(after) - before).toBe(5);
  expect(after).toMatch(
    /rpc_server_call_duration_seconds_count\{rpc_method="inference\.GRPCInferenceService\/ModelInfer",rpc_status_code="OK"\}/,
  );
});

test('metadata and configuration describe a version, by its number or an alias', async () => {
  // The run is over before its version is loaded and the alias moves.
  await expect.poll(async () => (await oip.modelMetadata({ name: 'candidate' })).versions).toEqual(['3']);
  for (const [name, version] of [
    ['stable', '1'],
    ['candidate', '3'],
    ['2', '2'],
  ] as const) {
    expect(await oip.modelMetadata({ name, version })).toMatchObject({
      name,
      versions: [version],
      platform: 'vigil',
      inputs: [{ name: 'samples', datatype: 'FP32', shape: [-1n, 18n, 16n] }],
      outputs: [
        { name: 'probabilities', datatype: 'FP32', shape: [-1n, 3n] },
        { name: 'logits', datatype: 'FP32', shape: [-1n, 3n] },
        { name: 'top_class', datatype: 'INT64', shape: [-1n, 1n] },
        { name: 'top_class_name', datatype: 'BYTES', shape: [-1n, 1n] },
      ],
    });
  }
  const { config } = await oip.modelConfig({ name: 'stable' });
  expect(config).toMatchObject({
    name: 'stable',
    maxBatchSize: 16,
    input: [{ name: 'samples', dataType: DataType.TYPE_FP32, dims: [18n, 16n] }],
    output: [
      { dims: [3n] },
      { dims: [3n] },
      { dataType: DataType.TYPE_INT64 },
      { dataType: DataType.TYPE_STRING },
    ],
    instanceGroup: [{ name: 'onnxruntime', count: 1, kind: InstanceKind.CPU }],
    schedulingChoice: { case: 'dynamicBatching' },
  });
  const { predictions } = await server.classifier.classify({
    samples: { shape: [18n, 16n], data: { case: 'raw', value: rawOf(valuesOf(1)) } },
  });
  const names = predictions[0]!.probabilities.map(({ className }) => className);
  expect(JSON.parse(config!.parameters.class_names!.stringValue)).toEqual(names);
});

test('a version that no alias holds in memory is not ready until it is asked', async () => {
  expect(await oip.modelReady({ name: '2' })).toMatchObject({ ready: false });
  expect(await oip.modelReady({ name: 'stable', version: '1' })).toMatchObject({ ready: true });
  expect(await oip.modelInfer({ ...requestOf(1), modelName: '2' })).toMatchObject({ modelVersion: '2' });
  // There is room for one version, which those with an alias take: the second went when its call was over.
  expect(await oip.modelReady({ name: '2' })).toMatchObject({ ready: false });
});

test('statistics add up, of Classify and ModelInfer together', async () => {
  const before = await statisticsOf('1');
  const began = BigInt(Date.now());
  // One after the other: batches of 1, 2, and 16 + 4 rows, or smaller ones where the machine is so slow that they pay.
  await oip.modelInfer(requestOf(1));
  await server.classifier.classify({
    samples: { shape: [2n, 18n, 16n], data: { case: 'raw', value: rawOf(valuesOf(2)) } },
  });
  await oip.modelInfer(requestOf(20));
  await expect(oip.modelInfer({ ...requestOf(1), inputs: [inputOf(2)] })).rejects.toThrow();
  const after = await statisticsOf('stable');
  expect(after).toMatchObject({ name: 'stable', version: '1' });
  expect(after.lastInference).toBeGreaterThanOrEqual(began);
  expect(after.inferenceCount - before.inferenceCount).toBe(23n);
  const executions = after.executionCount - before.executionCount;
  expect(executions).toBeGreaterThanOrEqual(4n);
  expect(executions).toBeLessThanOrEqual(23n);
  type Statistic = 'success' | 'fail' | 'queue' | 'computeInput' | 'computeInfer' | 'computeOutput';
  const since = (name: Statistic): bigint =>
    after.inferenceStats![name]!.count - before.inferenceStats![name]!.count;
  expect([since('success'), since('fail'), since('queue')]).toEqual([3n, 0n, 3n]);
  // perf_analyzer ends where these differ.
  expect([since('computeInput'), since('computeInfer'), since('computeOutput')]).toEqual([3n, 3n, 3n]);
  const { success, computeInfer } = after.inferenceStats!;
  expect(computeInfer!.ns).toBeGreaterThan(0n);
  expect(success!.ns).toBeGreaterThan(computeInfer!.ns);
  const sizes = after.batchStats.map(({ batchSize }) => batchSize);
  expect(sizes).toEqual([...sizes].sort((a, b) => Number(a - b)));
  const rows = after.batchStats.reduce(
    (sum, { batchSize, computeInfer }) => sum + batchSize * computeInfer!.count,
    0n,
  );
  expect(rows).toBe(after.inferenceCount);
  const { modelStats } = await oip.modelStatistics({});
  expect(modelStats.map(({ name }) => name)).toEqual(['3', '2', '1']);
});

test('rows whose timeout passes in the queue do not run, and are failures', async () => {
  const before = await statisticsOf('stable');
  const parameters = { timeout: { parameterChoice: { case: 'int64Param' as const, value: 1n } } };
  const busy = Array.from({ length: 12 }, () => oip.modelInfer(requestOf(64)));
  const late = oip.modelInfer({ ...requestOf(1), parameters });
  // At once where the waits are known by now, else when the time has passed.
  await expect(late).rejects.toMatchObject({
    reason: expect.stringMatching(/^DEADLINE_(UNREACHABLE|EXCEEDED)$/),
  });
  await Promise.all(busy);
  const after = await statisticsOf('stable');
  expect(after.inferenceStats!.fail!.count - before.inferenceStats!.fail!.count).toBe(1n);
  expect(after.inferenceCount - before.inferenceCount).toBe(12n * 64n);
});

describe('bad input', () => {
  const withNaN = (): Uint8Array => {
    const values = valuesOf(1);
    values[17] = Number.NaN;
    return rawOf(values);
  };
  const number = { parameterChoice: { case: 'int64Param' as const, value: 1n } };
  const tensor = (field: string, text: RegExp): Told => ['INVALID_ARGUMENT', 'TENSOR_INVALID', field, text];
  const field = (name: string, text: RegExp): Told => ['INVALID_ARGUMENT', 'FIELD_INVALID', name, text];
  const unknown = (text: RegExp): Told => ['NOT_FOUND', 'MODEL_NOT_FOUND', '', text];
  const cases: [string, () => Promise<unknown>, Told][] = [
    ['nothing', () => oip.modelInfer({}), tensor('inputs', /one tensor, "samples"/)],
    [
      'FP64',
      () => oip.modelInfer({ ...requestOf(1), inputs: [{ ...inputOf(1), datatype: 'FP64' }] }),
      tensor('inputs[0].datatype', /"FP64"; allowed: "FP32"/),
    ],
    [
      'another shape',
      () => oip.modelInfer({ ...requestOf(1), inputs: [{ ...inputOf(1), shape: [1n, 18n, 100n] }] }),
      tensor('inputs[0].shape', /found \[1, 18, 100\]; allowed: \[rows, 18, 16\]/),
    ],
    [
      'another length',
      () => oip.modelInfer({ ...requestOf(2), inputs: [inputOf(1)] }),
      tensor('raw_input_contents[0]', /2304 bytes; allowed: 1152/),
    ],
    [
      'NaN',
      () => oip.modelInfer({ ...requestOf(1), rawInputContents: [withNaN()] }),
      tensor('raw_input_contents[0]', /NaN at row 0, channel 1 \(.+\), step 1/),
    ],
    [
      'both forms',
      () => oip.modelInfer({ ...requestOf(1), inputs: [{ ...inputOf(1), contents: { fp32Contents: [1] } }] }),
      tensor('inputs[0].contents', /beside raw_input_contents/),
    ],
    [
      'an unknown output',
      () => oip.modelInfer({ ...requestOf(1), outputs: [{ name: 'OUTPUT0' }] }),
      field('outputs[0].name', /"OUTPUT0"; allowed: "probabilities"/),
    ],
    [
      'a sequence',
      () => oip.modelInfer({ ...requestOf(1), parameters: { sequence_id: number } }),
      field('parameters["sequence_id"]', /sequences are not offered/),
    ],
    [
      'an unknown model',
      () => oip.modelInfer({ ...requestOf(1), modelName: 'best' }),
      unknown(/"best"; aliases: /),
    ],
    [
      'a version that the alias does not point at',
      () => oip.modelInfer({ ...requestOf(1), modelName: 'stable', modelVersion: '3' }),
      unknown(/"stable" is version 1, not "3"/),
    ],
    ['an unknown model to be ready', () => oip.modelReady({ name: '99' }), unknown(/"99"/)],
    [
      'a wrong version for metadata',
      () => oip.modelMetadata({ name: '1', version: '2' }),
      unknown(/is version 1/),
    ],
    ['an unknown model for its configuration', () => oip.modelConfig({ name: 'x' }), unknown(/"x"/)],
    ['an unknown model for statistics', () => oip.modelStatistics({ name: 'x' }), unknown(/"x"/)],
  ];
  test.each(cases)('%s', async (_, call, told) => expectTold(call(), told));
});
