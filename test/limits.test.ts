/** Full queues, corrupt files, evicted models: what is refused, and what goes on serving. */
import { appendFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeNpz } from '../src/data/npz.ts';
import { rawOf, startServer, type TestServer, trainToEnd } from './support/server.ts';

let server: TestServer;
const dataset = 'simulated:small?rows=60&steps=16';
const small = { dataset, regime: 'classifier_only', options: { epochs: 1 } };
const samples = (rows: number) => ({
  shape: [BigInt(rows), 18n, 16n],
  data: { case: 'raw' as const, value: rawOf(new Float32Array(rows * 288)) },
});

beforeAll(async () => {
  server = await startServer({
    VIGIL_MAX_QUEUED_RUNS: '1',
    VIGIL_MAX_PENDING_ROWS: '64',
    VIGIL_MAX_BATCH_ROWS: '16',
    VIGIL_MAX_RESIDENT_MODELS: '1',
  });
  for (const requestId of ['1', '2', '3'])
    await trainToEnd(server, { ...small, requestId, options: { epochs: 1, seed: BigInt(requestId) } });
  await server.models.setAlias({ alias: 'stable', version: '1' });
}, 120_000);

afterAll(() => server?.stop());

test('beyond its queue a burst is RESOURCE_EXHAUSTED at once; what was accepted is answered', async () => {
  const burst = Array.from({ length: 60 }, () => server.classifier.classify({ samples: samples(32) }));
  const outcomes = await Promise.allSettled(burst);
  const refused = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as object] : [],
  );
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(60);
  for (const reason of refused)
    expect(reason).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      reason: 'QUEUE_FULL',
      message: expect.stringContaining('at most 64 may'),
    });
  for (const outcome of outcomes)
    if (outcome.status === 'fulfilled') expect(outcome.value.predictions).toHaveLength(32);
  const metrics = await (await fetch(`${server.ops}/metrics`)).text();
  expect(metrics).toContain(`vigil_inference_rejected_total{reason="queue_full"} ${refused.length}`);
  expect(metrics).toContain('vigil_inference_pending_rows 0');
});

test('one request larger than the queue is served when the queue is empty', async () => {
  expect((await server.classifier.classify({ samples: samples(100) })).predictions).toHaveLength(100);
});

test('a deadline that passes in the queue drops the rows before they run', async () => {
  const burst = Array.from({ length: 8 }, () => server.classifier.classify({ samples: samples(8) }));
  const late = server.classifier.classify({ samples: samples(1) }, { timeoutMs: 1 });
  await expect(late).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  await Promise.all(burst);
});

test('the training queue is bounded; a dataset that a waiting run uses stays', async () => {
  const file = writeNpz({
    X: { shape: [40, 2, 8], data: Float32Array.from({ length: 640 }, (_, i) => Math.sin(i)) },
    y: { shape: [40], data: Int32Array.from({ length: 40 }, (_, i) => i % 2) },
    subject: { shape: [40], data: Int32Array.from({ length: 40 }, (_, i) => i % 10) },
  });
  const parts = [
    { part: { case: 'header' as const, value: { name: 'mine', fileName: 'mine.npz' } } },
    { part: { case: 'data' as const, value: file } },
  ];
  await server.datasets.uploadDataset(parts);
  const long = await server.training.train({ ...small, requestId: 'long', options: { epochs: 5000 } });
  const metadata = async (): Promise<number> => {
    const { run } = await server.training.getRun({ name: long.name.replace('operations', 'runs') });
    return run!.state;
  };
  await expect.poll(metadata).toBe(2);
  const waiting = await server.training.train({ ...small, dataset: 'mine', requestId: 'waiting' });
  await expect(server.training.train({ ...small, requestId: 'more' })).rejects.toMatchObject({
    status: 'RESOURCE_EXHAUSTED',
    reason: 'QUEUE_FULL',
  });
  // The same request again is no new run.
  expect((await server.training.train({ ...small, dataset: 'mine', requestId: 'waiting' })).name).toBe(
    waiting.name,
  );
  await expect(server.datasets.deleteDataset({ name: 'mine' })).rejects.toMatchObject({
    status: 'FAILED_PRECONDITION',
    reason: 'RUN_STATE',
  });
  await server.operations.cancelOperation({ name: long.name });
  expect((await server.operations.waitOperation({ name: waiting.name })).result.case).toBe('response');
  await server.datasets.deleteDataset({ name: 'mine' });
});

test('a cancel right behind its Train is not lost on the way to the engine', async () => {
  for (let i = 0; i < 5; i++) {
    const { name } = await server.training.train({
      ...small,
      requestId: `at-once-${i}`,
      options: { epochs: 5000 },
    });
    await server.operations.cancelOperation({ name });
    const { result } = await server.operations.waitOperation({ name }, { timeoutMs: 10_000 });
    expect(result).toMatchObject({ case: 'error', value: { code: 1 } });
  }
});

test('a wait with a timeout ends with the operation as it is', async () => {
  const { name } = await server.training.train({ ...small, requestId: 'timeout', options: { epochs: 5000 } });
  expect((await server.operations.waitOperation({ name, timeout: { nanos: 50_000_000 } })).done).toBe(false);
  await server.operations.cancelOperation({ name });
  expect((await server.operations.waitOperation({ name })).done).toBe(true);
});

test('versions without an alias are loaded when they are asked for, and unloaded again', async () => {
  const loaded = async (): Promise<string[]> => {
    const { versions } = await server.models.listModelVersions({});
    return versions.filter(({ loaded: here }) => here).map(({ version }) => version);
  };
  expect((await server.classifier.classify({ model: '2', samples: samples(1) })).modelVersion).toBe('2');
  const { versions } = await server.models.listModelVersions({});
  const aliased = versions.filter(({ aliases }) => aliases.length > 0).map(({ version }) => version);
  await expect.poll(loaded).toEqual(aliased);
  expect((await server.classifier.classify({ model: '2', samples: samples(1) })).modelVersion).toBe('2');
});

test('pages lead from one to the next', async () => {
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = await server.models.listModelVersions({ pageSize: 2, pageToken });
    expect(page.versions.length).toBeLessThanOrEqual(2);
    seen.push(...page.versions.map(({ version }) => version));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(seen).toEqual(seen.toSorted((a, b) => Number(b) - Number(a)));
  expect(new Set(seen).size).toBe(seen.length);
});

test('a corrupt model is DATA_LOSS; the alias stays where it serves', async () => {
  const { version } = await server.models.getModelVersion({ model: '3' });
  const bundle = join(server.directory, 'models', version!.lineage!.run.replace('runs/', ''));
  const weights = readdirSync(bundle).find((name) => name.endsWith('.safetensors'))!;
  appendFileSync(join(bundle, weights), 'x');
  await expect(server.models.setAlias({ alias: 'stable', version: '3' })).rejects.toMatchObject({
    status: 'DATA_LOSS',
    reason: 'ARTIFACT_CORRUPT',
    message: expect.stringContaining(weights),
  });
  rmSync(bundle, { recursive: true });
  await expect(server.classifier.classify({ model: '3', samples: samples(1) })).rejects.toMatchObject({
    status: 'DATA_LOSS',
  });
  expect((await server.classifier.classify({ samples: samples(1) })).modelVersion).toBe('1');
});
