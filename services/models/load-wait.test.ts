import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { VigilError } from '../../src/errors.ts';
import type { EngineInfo } from '../engine/protocol.ts';
import { untilLoaded } from './load-wait.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const INFO: EngineInfo = {
  engine: 'onnxruntime',
  device: 'cpu',
  version: '1',
  refused: [],
  instances: 1,
  pid: 1,
};

/** Processes that come, go and load when they are told to. */
class Processes {
  info: EngineInfo | undefined;
  loaded = false;
  loads = 0;
  readonly listeners = new Set<(info: EngineInfo) => void>();
  #load: { resolve(): void; reject(error: unknown): void } | undefined;

  onUp(listener: (info: EngineInfo) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  come(): void {
    this.info = INFO;
    for (const listener of [...this.listeners]) listener(INFO);
  }

  go(): void {
    this.info = undefined;
    this.fail(new VigilError('ENGINE_UNAVAILABLE', 'the engine went away'));
  }

  finish(): void {
    this.loaded = true;
    this.#load?.resolve();
  }

  fail(error: unknown): void {
    this.#load?.reject(error);
  }

  wait(signal?: AbortSignal): Promise<void> {
    return untilLoaded({
      engine: this,
      version: '7',
      isLoaded: () => this.loaded,
      load: () => {
        this.loads += 1;
        return new Promise((resolve, reject) => {
          this.#load = { resolve, reject };
        });
      },
      engineWaitMs: 5000,
      loadWaitMs: 10_000,
      signal,
    });
  }
}

test('a process that comes back and loads ends the wait, even when the one between died while it loaded', async () => {
  const processes = new Processes();
  const wait = processes.wait();
  await vi.advanceTimersByTimeAsync(2000);
  processes.come();
  await vi.advanceTimersByTimeAsync(1000);
  expect(processes.loads).toBe(1);
  processes.go();
  await vi.advanceTimersByTimeAsync(2000);
  processes.come();
  await vi.advanceTimersByTimeAsync(0);
  expect(processes.loads).toBe(2);
  processes.finish();
  await wait;
  expect(processes.listeners.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('processes that are away for too long, all in all, are ENGINE_UNAVAILABLE', async () => {
  const processes = new Processes();
  const outcome = expect(processes.wait()).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: 'the engine has been away for 5000 ms',
  });
  await vi.advanceTimersByTimeAsync(3000);
  processes.come();
  await vi.advanceTimersByTimeAsync(1000);
  processes.go();
  await vi.advanceTimersByTimeAsync(2001);
  await outcome;
  expect(processes.listeners.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('a load that takes too long is MODEL_LOADING, one that fails says why', async () => {
  const processes = new Processes();
  processes.come();
  const slow = expect(processes.wait()).rejects.toMatchObject({ code: 'MODEL_LOADING', retryAfterMs: 1000 });
  await vi.advanceTimersByTimeAsync(10_000);
  await slow;
  const corrupt = processes.wait();
  processes.fail(new VigilError('ARTIFACT_CORRUPT', 'weights'));
  await expect(corrupt).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
});

test('whoever leaves waits no longer, for a process or for a load', async () => {
  for (const there of [false, true]) {
    const processes = new Processes();
    if (there) processes.come();
    const leave = new AbortController();
    const outcome = expect(processes.wait(leave.signal)).rejects.toThrow('left');
    await vi.advanceTimersByTimeAsync(100);
    leave.abort(new Error('left'));
    await outcome;
    expect(processes.listeners.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    await expect(processes.wait(leave.signal)).rejects.toThrow('left');
  }
});
