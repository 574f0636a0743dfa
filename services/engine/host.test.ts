import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createLogger } from '../observability/logger.ts';
import { EngineHost } from './host.ts';
import type { EngineInfo } from './protocol.ts';

const settings = {
  engine: 'onnxruntime',
  device: 'auto',
  threads: 1,
  role: 'serve',
  log: createLogger('silent'),
} as const;
let host: EngineHost | undefined;

afterEach(async () => {
  await host?.close();
  host = undefined;
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('a process answers, and is gone after close', async () => {
  host = await EngineHost.open(settings);
  const { pid, engine } = host.info!;
  expect(engine).toBe('onnxruntime');
  const { memory } = await host.call('ping', {});
  expect(memory.rss).toBeGreaterThan(1e6);
  await host.close();
  expect(isAlive(pid)).toBe(false);
  await expect(host.call('ping', {})).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
});

test('a killed process fails its calls at once and is replaced', async () => {
  host = await EngineHost.open({ ...settings, restartDelayMs: 1 });
  const { pid } = host.info!;
  const down = new Promise<string>((resolve) => host!.onDown(resolve));
  const up = new Promise<EngineInfo>((resolve) => host!.onUp(resolve));
  const call = host.call('ping', {});
  process.kill(pid, 'SIGKILL');
  await Promise.allSettled([call]);
  expect(await down).toBe('killed by SIGKILL');
  await expect(host.call('ping', {})).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  expect((await up).pid).not.toBe(pid);
  expect((await host.call('ping', {})).memory.rss).toBeGreaterThan(0);
});

test('a process that hangs is killed and replaced', async () => {
  host = await EngineHost.open({ ...settings, restartDelayMs: 1, heartbeatMs: 50, silentMs: 500 });
  const { pid } = host.info!;
  const up = new Promise<EngineInfo>((resolve) => host!.onUp(resolve));
  process.kill(pid, 'SIGSTOP');
  expect((await up).pid).not.toBe(pid);
});

test('a process that says nothing of a batch for too long is replaced, though its silence is allowed', async () => {
  host = await EngineHost.open({ ...settings, restartDelayMs: 1, silentMs: 60_000, stallMs: 200 });
  const down = new Promise<string>((resolve) => host!.onDown((_, fault) => resolve(fault)));
  const up = new Promise<EngineInfo>((resolve) => host!.onUp(resolve));
  process.kill(host.info!.pid, 'SIGSTOP');
  const batch = host.call('classify', {
    instance: 0,
    version: '1',
    rows: 1,
    values: [new Float32Array(1)],
    embedding: false,
  });
  await expect(batch).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  expect(await down).toBe('hang');
  await up;
});

test('a process that is too large answers what it was asked before it is replaced', async () => {
  host = await EngineHost.open({
    ...settings,
    restartDelayMs: 1,
    heartbeatMs: 20,
    maxMemoryBytes: 1,
    steadyMs: 0,
  });
  const { pid } = host.info!;
  let fault: string | undefined;
  host.onDown((_, found) => {
    fault = found;
  });
  const up = new Promise<EngineInfo>((resolve) => host!.onUp(resolve));
  // One call is under way at any time, so also when the process is given up: none of them fails.
  while (fault === undefined) await host.call('ping', {});
  await expect(host.call('ping', {})).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  expect(fault).toBe('memory');
  expect((await up).pid).not.toBe(pid);
});

test('an engine that cannot run here is refused with the reason', async () => {
  await expect(EngineHost.open({ ...settings, engine: 'reference', device: 'gpu' })).rejects.toMatchObject({
    code: 'ENGINE_REFUSED',
  });
});

test('an abort drops the reply and rejects with its reason', async () => {
  host = await EngineHost.open(settings);
  const controller = new AbortController();
  const call = host.call('ping', {}, controller.signal);
  const aborted = once(controller.signal, 'abort');
  controller.abort(new Error('left'));
  await aborted;
  await expect(call).rejects.toThrow('left');
  await expect(host.call('ping', {})).resolves.toBeDefined();
});

test('the instances of a process answer alike, load together and unload together', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'vigil-instances-'));
  try {
    host = await EngineHost.open({ ...settings, threads: 2 });
    const { call, info } = { call: host.call.bind(host), info: host.info! };
    expect(info.instances).toBe(2);
    const bundleDirectory = join(directory, 'bundle');
    await call('train', {
      run: 'runs/1',
      dataset: 'simulated:small?rows=60&steps=16',
      datasetName: 'simulated',
      regime: 'classifier_only',
      options: { epochs: 1 },
      split: undefined,
      directory: join(directory, 'run'),
      bundleDirectory,
      codeVersion: 'test',
    });
    const { channels, steps } = await call('load', { version: '1', directory: bundleDirectory });
    const values = [new Float32Array(3 * channels * steps).map((_, i) => Math.sin(i))];
    const classify = (instance: number) =>
      call('classify', { instance, version: '1', rows: 3, values, embedding: true });
    const [first, second] = await Promise.all([classify(0), classify(1)]);
    expect(first.logits.every(Number.isFinite)).toBe(true);
    expect(second.logits).toEqual(first.logits);
    expect(second.embedding).toEqual(first.embedding);
    await expect(call('load', { version: '2', directory })).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
    });
    expect((await classify(1)).logits).toEqual(first.logits);
    expect(await call('unload', { version: '1' })).toEqual({ unloaded: true });
    for (const instance of [0, 1])
      await expect(classify(instance)).rejects.toMatchObject({ code: 'MODEL_LOADING' });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a process that trains is one instance, whatever its threads', async () => {
  host = await EngineHost.open({ ...settings, role: 'train', threads: 2 });
  expect(host.info!.instances).toBe(1);
});
