/** An engine that goes away under its batches, and keys that cannot run yet. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { batcherOf, Gate, rowsOf } from '../../test/support/batch-gate.ts';
import { VigilError } from '../errors.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const gone = new VigilError('ENGINE_UNAVAILABLE', 'the engine went away');
const isEngineGone = (error: unknown): boolean => error === gone;

/** A load that ends when it is told to. */
function pendingLoad(): { promise: Promise<void>; resolve(): void; reject(error: unknown): void } {
  let resolve = (): void => {};
  let reject = (_: unknown): void => {};
  const promise = new Promise<void>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

test('requests under which the engine went away run again, alone and first, and nobody fails', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { isEngineGone });
  const answers = [1, 2, 3].map((value) => batcher.submit({ key: 'a', ...rowsOf(value) }));
  await gate.release();
  answers.push(batcher.submit({ key: 'a', ...rowsOf(4) }));
  await gate.fail(gone);
  while (gate.inFlight > 0) await gate.release();
  expect((await Promise.all(answers)).map((answer) => [...answer])).toEqual([[2], [4], [6], [8]]);
  expect(gate.batches.map(({ rows }) => rows)).toEqual([1, 2, 1, 1, 1]);
});

test('a request that the engine cannot stand fails alone the second time', async () => {
  const poison = 666;
  const run: Gate['run'] = async ({ rows, values }) => {
    if (values.some((part) => part.includes(poison))) throw gone;
    return new Float32Array(rows).fill(1);
  };
  const batcher = batcherOf({ run }, { isEngineGone });
  const outcomes = await Promise.allSettled(
    [1, 2, poison, 3, 4].map((value) => batcher.submit({ key: 'a', ...rowsOf(value) })),
  );
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  expect(outcomes[2]).toMatchObject({ reason: { code: 'ENGINE_UNAVAILABLE' } });
});

test('nothing runs beside a request that is run alone', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { isEngineGone, maxInFlight: 2 });
  void batcher.submit({ key: 'a', ...rowsOf(1) });
  await gate.fail(gone);
  expect(gate.inFlight).toBe(1);
  void batcher.submit({ key: 'a', ...rowsOf(1, 2, 3, 4, 5, 6, 7, 8) });
  expect(gate.inFlight).toBe(1);
  await gate.release();
  expect(gate.batches.map(({ rows }) => rows)).toEqual([1, 1, 8]);
});

test('a request in several batches starts over as a whole when one of them is lost', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { isEngineGone, maxBatchRows: 2, maxInFlight: 2 });
  const answer = batcher.submit({ key: 'a', ...rowsOf(1, 2, 3, 4, 5) });
  await gate.release();
  await gate.fail(gone);
  while (gate.inFlight > 0) await gate.release();
  expect([...(await answer)]).toEqual([2, 4, 6, 8, 10]);
  expect(batcher.pendingRows).toBe(0);
});

test('a caller who leaves while its request waits to run again is not run', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { isEngineGone });
  const controller = new AbortController();
  const answers = [
    batcher.submit({ key: 'a', ...rowsOf(1) }),
    batcher.submit({ key: 'a', ...rowsOf(2), signal: controller.signal }),
  ];
  await gate.release();
  await answers[0];
  const third = batcher.submit({ key: 'a', ...rowsOf(3) });
  controller.abort(new Error('left'));
  await expect(answers[1]).rejects.toThrow('left');
  await gate.fail(gone);
  while (gate.inFlight > 0) await gate.release();
  expect([...(await third)]).toEqual([6]);
  expect(gate.batches).toHaveLength(3);
});

test('a key that is not ready waits, and others do not wait for it', async () => {
  const gate = new Gate();
  let loaded = false;
  const load = pendingLoad();
  const batcher = batcherOf(gate, {
    readiness: (key) => (key === 'slow' && !loaded ? load.promise : undefined),
  });
  const slow = batcher.submit({ key: 'slow', ...rowsOf(1) });
  const other = batcher.submit({ key: 'a', ...rowsOf(2) });
  expect(gate.batches).toEqual([{ key: 'a', rows: 1 }]);
  await gate.release();
  expect([...(await other)]).toEqual([4]);
  const late = batcher.submit({ key: 'slow', ...rowsOf(3), deadline: performance.now() + 50 });
  const outcome = expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  await vi.advanceTimersByTimeAsync(50);
  await outcome;
  loaded = true;
  load.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(gate.batches.at(-1)).toEqual({ key: 'slow', rows: 1 });
  await gate.release();
  expect([...(await slow)]).toEqual([2]);
});

test('what keeps a key from being ready fails its rows, all of them, and drain ends', async () => {
  const gate = new Gate();
  const load = pendingLoad();
  const batcher = batcherOf(gate, { readiness: () => load.promise });
  const outcomes = Promise.allSettled([1, 2].map((value) => batcher.submit({ key: 'a', ...rowsOf(value) })));
  const drained = batcher.drain();
  load.reject(gone);
  for (const outcome of await outcomes) expect(outcome).toEqual({ status: 'rejected', reason: gone });
  await drained;
  expect(gate.batches).toEqual([]);
});
