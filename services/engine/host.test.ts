import { once } from 'node:events';
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
