/** Processes that are killed and stopped: what callers see, and what goes on. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Evaluation } from '../services/gen/vigil/v1/evaluation_pb.ts';
import { RunState } from '../services/gen/vigil/v1/train_pb.ts';
import { type ServerProcess, spawnServer } from './support/process.ts';
import { rawOf, trainToEnd } from './support/server.ts';

let directory: string;
let server: ServerProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-lifecycle-'));
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const dataset = 'simulated:small?rows=60&steps=16';
const small = { dataset, regime: 'classifier_only', options: { epochs: 1, latentSize: 8 } };
const long = { dataset, regime: 'joint_scratch', options: { epochs: 12, latentSize: 8, seed: 5n } };
const samples = { shape: [18n, 16n], data: { case: 'raw' as const, value: rawOf(new Float32Array(288)) } };

const enginePid = async (from: ServerProcess, role: string, not = 0): Promise<number> =>
  (await from.line(({ msg, role: found, pid }) => msg === 'engine ready' && found === role && pid !== not))
    .pid as number;

/** Starts a run and waits until it has a checkpoint. */
async function trainPastCheckpoint(requestId: string): Promise<string> {
  const { name } = await server!.training.train({ ...long, requestId });
  const run = name.replace('operations/', 'runs/');
  for await (const { progress } of server!.training.watchTraining({ name: run })) {
    if ((progress?.checkpointEpoch ?? 0) >= 2) break;
  }
  return run;
}

async function finish(run: string): Promise<{ evaluation: Evaluation | undefined; epochs: number[] }> {
  for await (const { error } of server!.training.watchTraining({ name: run })) expect(error).toBeUndefined();
  const answer = await server!.training.getRun({ name: run });
  expect(answer.run?.state).toBe(RunState.SUCCEEDED);
  return { evaluation: answer.run?.evaluation, epochs: answer.run!.history.map(({ epoch }) => epoch) };
}

test('kill -9 of the serving engine under load: every call is answered, at the latest by its successor', async () => {
  server = await spawnServer(directory);
  const version = await trainToEnd(server, { ...small, requestId: 'a' });
  await server.models.setAlias({ alias: 'stable', version });
  const { classifier } = server;
  const outcomes: { at: number; status: string }[] = [];
  const stop = new AbortController();
  const load = Array.from({ length: 8 }, async () => {
    while (!stop.signal.aborted) {
      const status = await classifier.classify({ samples }, { timeoutMs: 20_000 }).then(
        () => 'OK',
        (error: { status: string; message: string }) => `${error.status}: ${error.message}`,
      );
      outcomes.push({ at: performance.now(), status });
      if (status !== 'OK') await sleep(20);
    }
  });
  await sleep(300);
  const before = await enginePid(server, 'serve');
  process.kill(before, 'SIGKILL');
  const killed = performance.now();
  await enginePid(server, 'serve', before);
  await expect
    .poll(() => outcomes.some(({ at, status }) => at > killed + 200 && status === 'OK'), { timeout: 20_000 })
    .toBe(true);
  await sleep(300);
  stop.abort();
  await Promise.all(load);
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['OK']));
  expect(outcomes.at(-1)?.status).toBe('OK');
  const metrics = await (await fetch(`${server.ops}/metrics`)).text();
  expect(metrics).toContain('vigil_engine_restarts_total{role="serve",reason="exit"} 1');
  expect((await server.health.check({})).status).toBe(1);
  expect(server.lines.find(({ msg }) => msg === 'engine went away')).toMatchObject({
    reason: 'killed by SIGKILL',
  });
});

test('kill -9 of the trainer, and of the whole server: the run goes on to the very result of one never killed', async () => {
  server = await spawnServer(directory);
  const undisturbed = await server.training.train({ ...long, requestId: 'undisturbed' });
  const expected = await finish(undisturbed.name.replace('operations/', 'runs/'));
  const run = await trainPastCheckpoint('killed');
  process.kill(await enginePid(server, 'train'), 'SIGKILL');
  expect(await finish(run)).toEqual(expected);

  const second = await trainPastCheckpoint('killed-server');
  server.child.kill('SIGKILL');
  await server.exited;
  server.connection.close();
  server = await spawnServer(directory);
  expect(await finish(second)).toEqual(expected);
  expect(expected.epochs).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
});

test('a run that kills its process again and again fails in the end', async () => {
  server = await spawnServer(directory);
  const paper = { dataset: 'simulated:paper', regime: 'joint_scratch', requestId: 'deadly' };
  const { name } = await server.training.train(paper);
  let last = 0;
  for (let kill = 0; kill < 3; kill++) {
    last = await enginePid(server, 'train', last);
    const { lines } = server;
    await expect
      .poll(() => lines.filter(({ msg }) => msg === 'training').length, { timeout: 20_000 })
      .toBe(kill + 1);
    lines.splice(
      0,
      lines.length,
      ...lines.filter(({ msg, role }) => msg !== 'engine ready' || role !== 'train'),
    );
    process.kill(last, 'SIGKILL');
  }
  const operation = await server.operations.waitOperation({ name });
  expect(operation.result.value).toMatchObject({ code: 14, message: expect.stringContaining('3 times') });
});

test('cancel: at once in the queue, at a step boundary while training; the checkpoint stays', async () => {
  server = await spawnServer(directory);
  const options = { ...long.options, epochs: 5000 };
  const running = await server.training.train({ ...long, options, requestId: 'running' });
  const queued = await server.training.train({ ...small, requestId: 'queued' });
  await server.operations.cancelOperation({ name: queued.name });
  expect((await server.operations.getOperation({ name: queued.name })).result.value).toMatchObject({
    code: 1,
  });
  const run = running.name.replace('operations/', 'runs/');
  for await (const { progress } of server.training.watchTraining({ name: run })) {
    if ((progress?.checkpointEpoch ?? 0) >= 1) break;
  }
  await expect(server.operations.deleteOperation({ name: running.name })).rejects.toMatchObject({
    reason: 'RUN_STATE',
  });
  await server.operations.cancelOperation({ name: running.name });
  expect((await server.operations.waitOperation({ name: running.name })).result.value).toMatchObject({
    code: 1,
  });
  const checkpoint = join(directory, run, 'checkpoint.safetensors');
  expect(readFileSync(checkpoint).length).toBeGreaterThan(1000);
  await server.operations.deleteOperation({ name: running.name });
  expect(() => readFileSync(checkpoint)).toThrow('ENOENT');
  await expect(server.training.getRun({ name: run })).rejects.toMatchObject({ status: 'NOT_FOUND' });
});

test('SIGTERM: not serving first, streams end, calls finish, the run is kept, in this order', async () => {
  server = await spawnServer(directory, { VIGIL_SHUTDOWN_NOTICE_MS: '300' });
  const version = await trainToEnd(server, { ...small, requestId: 'a' });
  await server.models.setAlias({ alias: 'stable', version });
  const { training, health, classifier, child, ops } = server;
  const { name } = await training.train({
    ...long,
    options: { ...long.options, epochs: 5000 },
    requestId: 'long',
  });
  const run = name.replace('operations/', 'runs/');
  let checkpointed = (): void => {};
  const checkpoint = new Promise<void>((resolve) => {
    checkpointed = resolve;
  });
  const watched = (async () => {
    for await (const { progress } of training.watchTraining({ name: run })) {
      if ((progress?.checkpointEpoch ?? 0) >= 1) checkpointed();
    }
  })().catch((error: unknown) => error);
  const seen: number[] = [];
  const healthWatch = (async () => {
    for await (const { status } of health.watch({})) seen.push(status);
  })().catch((error: unknown) => error);
  await checkpoint;
  child.kill('SIGTERM');
  await expect.poll(() => seen).toEqual([1, 2]);
  expect((await fetch(`${ops}/readyz`)).status).toBe(503);
  expect((await fetch(`${ops}/livez`)).status).toBe(200);
  // During the notice, calls are still answered.
  expect((await classifier.classify({ samples })).modelVersion).toBe(version);
  expect(await watched).toMatchObject({ status: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' });
  expect(await healthWatch).toMatchObject({ status: 'UNAVAILABLE' });
  expect(await server.exited).toBe(0);
  const steps = server.lines.flatMap(({ msg, step }) => (msg === 'stopping' && step ? [step] : []));
  expect(steps).toEqual([
    'readiness',
    'notice',
    'streams',
    'batches',
    'calls',
    'runs',
    'residency',
    'engine train',
    'engine serve',
    'storage',
    'telemetry',
    'http',
  ]);
  server.connection.close();
  server = await spawnServer(directory);
  const { progress, state } = (await server.training.getRun({ name: run })).run!;
  expect([RunState.INTERRUPTED, RunState.RUNNING]).toContain(state);
  expect(progress?.checkpointEpoch).toBeGreaterThan(0);
  await server.operations.cancelOperation({ name });
});

test('a second signal stops the waiting', async () => {
  server = await spawnServer(directory, { VIGIL_SHUTDOWN_NOTICE_MS: '60000' });
  const { child, line, exited } = server;
  child.kill('SIGTERM');
  await line(({ step }) => step === 'notice');
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
});

test('a second server on the directory, a bad setting and a taken port are one clear line', async () => {
  server = await spawnServer(directory);
  const { port } = new URL(server.ops);
  const elsewhere = join(directory, 'elsewhere');
  await expect(spawnServer(directory)).rejects.toThrow('VIGIL_DATA_DIR: found');
  await expect(spawnServer(elsewhere, { VIGIL_MAX_BATCH_ROWS: 'many' })).rejects.toThrow(
    'VIGIL_MAX_BATCH_ROWS: found "many"',
  );
  await expect(spawnServer(elsewhere, { VIGIL_TYPO: '1' })).rejects.toThrow('VIGIL_TYPO: no such setting');
  await expect(spawnServer(elsewhere, { VIGIL_HTTP_ADDRESS: `127.0.0.1:${port}` })).rejects.toThrow(
    'cannot be bound',
  );
  const gpu = { VIGIL_ENGINE: 'reference', VIGIL_ENGINE_DEVICE: 'gpu' };
  await expect(spawnServer(elsewhere, gpu)).rejects.toThrow('engine reference cannot run here: it computes');
});

test('the gateway holds no tensor library in its memory', async () => {
  server = await spawnServer(directory);
  const gateway = readFileSync(`/proc/${server.child.pid}/maps`, 'utf8');
  const engine = readFileSync(`/proc/${await enginePid(server, 'serve')}/maps`, 'utf8');
  // By file: the clone's own path may hold any word.
  const libraries = /\/(libonnxruntime|onnxruntime_binding|tfjs_binding|libtensorflow)[^/\n]*$/m;
  expect(engine).toMatch(libraries);
  expect(gateway).not.toMatch(libraries);
});
