/** Batches side by side: who gets what when the engine has several instances. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { batcherOf, Gate, rowsOf } from '../../test/support/batch-gate.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const two = { maxInFlight: 4, maxPendingRows: 1000, instances: () => 2 };
const sent = ({ batches, instances }: Gate): [number, number][] =>
  batches.map(({ rows }, i) => [instances[i]!, rows]);

test('idle instances share a request', async () => {
  const gate = new Gate();
  const answer = batcherOf(gate, two).submit({ key: 'a', ...rowsOf(1, 2, 3, 4, 5) });
  expect(sent(gate)).toEqual([
    [0, 3],
    [1, 2],
  ]);
  await gate.release();
  await gate.release();
  expect([...(await answer)]).toEqual([2, 4, 6, 8, 10]);
});

test('an instance that is idle gets what comes, the other one its own when it is done', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, two);
  for (const value of [1, 2, 3, 4]) void batcher.submit({ key: 'a', ...rowsOf(value) });
  expect(sent(gate)).toEqual([
    [0, 1],
    [1, 1],
  ]);
  await gate.release();
  expect(sent(gate).slice(2)).toEqual([[0, 2]]);
});

test('each instance may have a second batch behind its first, when it is half full, and no third', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, two);
  for (let i = 0; i < 6; i++) void batcher.submit({ key: 'a', ...rowsOf(1, 1, 1, 1, 1, 1, 1, 1) });
  expect(sent(gate)).toEqual([
    [0, 4],
    [1, 4],
    [0, 8],
    [1, 8],
  ]);
  expect(batcher.pendingRows).toBe(24);
});

test('the wait is predicted from all of them', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { ...two, maxInFlight: 1, maxQueueMs: 21 });
  for (let i = 0; i < 8; i++) {
    const answer = batcher.submit({ key: 'a', ...rowsOf(1) });
    await gate.releaseAfter(10);
    await answer;
  }
  const full = { key: 'a', ...rowsOf(1, 1, 1, 1, 1, 1, 1, 1) };
  // Both run a half of the first, 10 ms each. One waits for half of 10 + 10 + 10 ms, the next would for 20, then 25.
  for (let i = 0; i < 4; i++) void batcher.submit(full);
  expect(batcher.pendingRows).toBe(24);
  await expect(batcher.submit(full)).rejects.toMatchObject({ code: 'QUEUE_FULL', retryAfterMs: 4 });
});

test('nothing runs beside a request that is run alone, at any instance', async () => {
  const gone = new Error('the engine went away');
  const gate = new Gate();
  const batcher = batcherOf(gate, { ...two, isEngineGone: (error) => error === gone });
  void batcher.submit({ key: 'a', ...rowsOf(1) });
  await gate.fail(gone);
  void batcher.submit({ key: 'a', ...rowsOf(2) });
  expect(gate.inFlight).toBe(1);
  await gate.release();
  expect(gate.inFlight).toBe(1);
});
