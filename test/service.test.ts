/** The whole service over real sockets: train, promote, classify, synthesise. */
import { createHash } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ExportSummary } from '../services/gen/vigil/v1/models_pb.ts';
import { RunState } from '../services/gen/vigil/v1/train_pb.ts';
import { ModelProtoSchema } from '../src/tensor/compile/gen/onnx/onnx_pb.ts';
import { runModel } from '../src/tensor/onnxruntime/run-model.ts';
import { rawOf, startServer, type TestServer, trainToEnd } from './support/server.ts';

let server: TestServer;
let version: string;

const SHAPE = { channels: 18, steps: 16 };
const request = {
  requestId: 'first',
  dataset: 'simulated:small?rows=60&steps=16',
  regime: 'joint_scratch',
  options: { epochs: 2, latentSize: 8 },
  displayName: 'a small one',
};

beforeAll(async () => {
  server = await startServer();
  version = await trainToEnd(server, request);
  await server.models.setAlias({ alias: 'stable', version });
}, 120_000);

afterAll(() => server?.stop());

const sample = (rows: number): Uint8Array =>
  rawOf(Array.from({ length: rows * SHAPE.channels * SHAPE.steps }, (_, i) => Math.sin(i)));
const shapeOf = (rows: number): bigint[] => [BigInt(rows), 18n, 16n];

test('a run ends with a version, its history, its evaluation and its configuration', async () => {
  const { runs } = await server.training.listRuns({});
  const { run } = await server.training.getRun({ name: runs[0]!.name });
  expect(run).toMatchObject({
    state: RunState.SUCCEEDED,
    modelVersion: version,
    request: { displayName: 'a small one' },
  });
  expect(run?.history.map(({ epoch }) => epoch)).toEqual([1, 2]);
  for (const loss of Object.values(run!.history[1]!.losses)) expect(loss).toBeTypeOf('number');
  expect(run?.evaluation?.perClass).toHaveLength(3);
  expect(run?.resolvedConfiguration).toMatchObject({
    regime: 'joint_scratch',
    options: { epochs: 2, batchSize: 16 },
  });
});

test('the same request_id gives the same operation, other content is refused', async () => {
  const first = await server.training.train(request);
  expect(first.done).toBe(true);
  expect(first.name).toBe((await server.training.listRuns({})).runs[0]!.operation);
  await expect(server.training.train({ ...request, displayName: 'another' })).rejects.toMatchObject({
    status: 'ALREADY_EXISTS',
    reason: 'REQUEST_ID_REUSED',
  });
});

test('the operation carries TrainMetadata and TrainResult', async () => {
  const { operations } = await server.operations.listOperations({ name: 'operations' });
  const [operation] = operations;
  expect(operation?.metadata?.typeUrl).toBe('type.googleapis.com/vigil.v1.TrainMetadata');
  expect(operation?.result).toMatchObject({ case: 'response' });
  expect((await server.operations.waitOperation({ name: operation!.name })).done).toBe(true);
});

test('a version tells its lineage, and stable and candidate point at it', async () => {
  const { version: model } = await server.models.getModelVersion({ model: '' });
  expect(model).toMatchObject({ version, hasGenerator: true, steps: 16, loaded: true });
  expect(model?.aliases.toSorted()).toEqual(['candidate', 'stable']);
  expect(model?.lineage).toMatchObject({ regime: 'joint_scratch', dataset: request.dataset, seed: 1n });
  expect(model?.lineage?.datasetSha256).toMatch(/^[0-9a-f]{64}$/);
});

test('classifies raw bytes and floats alike, one row and many', async () => {
  const raw = await server.classifier.classify({
    samples: { shape: shapeOf(3), data: { case: 'raw', value: sample(3) } },
  });
  const values = [...new Float32Array(sample(3).buffer)];
  const floats = await server.classifier.classify({
    model: version,
    samples: { shape: shapeOf(3), data: { case: 'floats', value: { values } } },
  });
  expect(raw.modelVersion).toBe(version);
  expect(raw.predictions).toHaveLength(3);
  expect(floats.predictions).toEqual(raw.predictions);
  for (const { probabilities, topClass } of raw.predictions) {
    expect(probabilities.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    const best = probabilities.reduce((a, b) => (b.probability > a.probability ? b : a));
    expect(topClass).toBe(best.className);
  }
  const single = await server.classifier.classify({
    samples: { shape: [18n, 16n], data: { case: 'raw', value: sample(1) } },
  });
  single.predictions[0]!.probabilities.forEach(({ probability }, k) => {
    expect(probability).toBeCloseTo(raw.predictions[0]!.probabilities[k]!.probability, 5);
  });
});

test('calls in flight together share batches and get their own rows back', async () => {
  const one = (i: number): Uint8Array =>
    rawOf(Array.from({ length: 18 * 16 }, (_, j) => Math.cos(i * 7 + j)));
  const ask = (i: number) =>
    server.classifier.classify({ samples: { shape: [18n, 16n], data: { case: 'raw', value: one(i) } } });
  const alone: Awaited<ReturnType<typeof ask>>[] = [];
  for (let i = 0; i < 24; i++) alone.push(await ask(i));
  const together = await Promise.all(alone.map((_, i) => ask(i)));
  together.forEach(({ predictions }, i) => {
    predictions[0]!.probabilities.forEach(({ probability }, k) => {
      expect(probability).toBeCloseTo(alone[i]!.predictions[0]!.probabilities[k]!.probability, 5);
    });
  });
  const metrics = await (await fetch(`${server.ops}/metrics`)).text();
  const batches = Number(/vigil_inference_batch_rows_count (\d+)/.exec(metrics)?.[1]);
  const rows = Number(/vigil_inference_batch_rows_sum (\d+)/.exec(metrics)?.[1]);
  expect(rows).toBeGreaterThan(batches);
});

interface Synthesised {
  readonly rows: Map<string, Buffer>;
  readonly sha256: string;
  readonly chunks: number;
}

async function synthesise(
  chunkRows: number,
  counts: [string, bigint][],
  firstRow = 0n,
): Promise<Synthesised> {
  const rows = new Map<string, Buffer>();
  const hash = createHash('sha256');
  let chunks = 0;
  let sha256 = '';
  const asked = counts.map(([className, count]) => ({ className, rows: count }));
  for await (const { event } of server.synthesizer.synthesize({
    counts: asked,
    seed: 7n,
    chunkRows,
    firstRow,
  })) {
    if (event.case === 'chunk') {
      chunks += 1;
      const { data } = event.value.samples!;
      const bytes = Buffer.from(data.value as Uint8Array);
      hash.update(bytes);
      rows.set(
        event.value.className,
        Buffer.concat([rows.get(event.value.className) ?? Buffer.alloc(0), bytes]),
      );
    } else if (event.case === 'summary') ({ sha256 } = event.value);
  }
  expect(hash.digest('hex')).toBe(sha256);
  return { rows, sha256, chunks };
}

test('synthesises exact counts; rows do not depend on chunk sizes, order of classes or where a call begins', async () => {
  const { version: model } = await server.models.getModelVersion({ model: '' });
  const [a, b] = model!.classNames as [string, string];
  const whole = await synthesise(64, [
    [a, 50n],
    [b, 3n],
  ]);
  expect(whole.chunks).toBe(2);
  expect(whole.rows.get(a)!.length).toBe(50 * 18 * 16 * 4);
  const pieces = await synthesise(7, [
    [b, 3n],
    [a, 50n],
  ]);
  expect(pieces.chunks).toBe(9);
  expect(pieces.rows.get(a)!.equals(whole.rows.get(a)!)).toBe(true);
  expect(pieces.rows.get(b)!.equals(whole.rows.get(b)!)).toBe(true);
  const later = await synthesise(5, [[a, 10n]], 33n);
  expect(later.rows.get(a)!.equals(whole.rows.get(a)!.subarray(33 * 18 * 16 * 4, 43 * 18 * 16 * 4))).toBe(
    true,
  );
});

test('health, readiness and metrics tell the same', async () => {
  const { statuses } = await server.health.list({});
  expect(Object.keys(statuses).toSorted()).toEqual(['', 'candidate', 'liveness', 'stable']);
  for (const { status } of Object.values(statuses)) expect(status).toBe(1);
  expect((await fetch(`${server.ops}/readyz`)).status).toBe(200);
  const metrics = await (await fetch(`${server.ops}/metrics`)).text();
  expect(metrics).toContain(`vigil_model_info{version="${version}",alias="stable"} 1`);
  expect(metrics).toContain('vigil_training_runs{state="succeeded"} 1');
  expect(metrics).toMatch(
    /rpc_server_call_duration_seconds_count\{rpc_method="vigil.v1.ClassifierService\/Classify",rpc_status_code="OK"\} \d+/,
  );
});

test('an exported model answers in plain onnxruntime as Classify does, and says what it is', async () => {
  const parts: Uint8Array[] = [];
  let summary: ExportSummary | undefined;
  for await (const { event } of server.models.exportModel({})) {
    if (event.case === 'data') parts.push(event.value);
    else if (event.case === 'summary') summary = event.value;
  }
  const file = Buffer.concat(parts);
  expect(parts.length).toBeGreaterThan(1);
  expect(summary).toMatchObject({
    modelVersion: version,
    size: BigInt(file.length),
    sha256: createHash('sha256').update(file).digest('hex'),
    runtime: expect.stringMatching(/^onnxruntime \d/),
  });
  expect(summary!.checkedRows).toBeGreaterThan(0n);
  expect(summary!.largestDifference).toBeLessThan(1e-5);
  for (const rows of [1, 5]) {
    const values = new Float32Array(sample(rows).buffer);
    const { probabilities } = await runModel(file, { samples: { shape: [rows, 18, 16], values } });
    const { predictions } = await server.classifier.classify({
      samples: { shape: shapeOf(rows), data: { case: 'raw', value: sample(rows) } },
    });
    const served = predictions.flatMap(({ probabilities: row }) => row.map(({ probability }) => probability));
    expect(probabilities).toHaveLength(served.length);
    served.forEach((probability, i) => {
      expect(Math.abs(probabilities![i]! - probability)).toBeLessThan(1e-5);
    });
  }
  const { metadataProps } = fromBinary(ModelProtoSchema, file);
  const told = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
  const { version: model } = await server.models.getModelVersion({ model: version });
  expect(told).toMatchObject({
    version,
    bundle_sha256: model!.sha256,
    class_names: JSON.stringify(model!.classNames),
    channel_names: JSON.stringify(model!.channelNames),
    channels: '18',
    steps: '16',
    regime: 'joint_scratch',
    run: model!.lineage!.run,
    dataset_sha256: model!.lineage!.datasetSha256,
    code_version: model!.lineage!.codeVersion,
    temperature: String(model!.evaluation!.calibration!.temperature),
  });
  const { low, high } = JSON.parse(told.channel_limits!) as Record<'low' | 'high', number[]>;
  expect(low).toHaveLength(18);
  low!.forEach((limit, channel) => {
    expect(limit).toBeLessThan(high![channel]!);
  });
});
