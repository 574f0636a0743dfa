/** What is refused at once because it could not be answered in time, what goes ahead, and whose turn it is. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { batcherOf, Gate, rowsOf } from '../../test/support/batch-gate.ts';
import type { Batcher } from './batcher.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Shows the batcher that batches take 10 ms, whatever their rows. */
async function learn(gate: Gate, batcher: Batcher): Promise<void> {
  for (let i = 0; i < 8; i++) {
    const answer = batcher.submit({ key: 'a', ...rowsOf(1) });
    await gate.releaseAfter(10);
    await answer;
  }
}

/** Fills the engine with a batch and the queue with full ones. */
function fill(batcher: Batcher, batches: number): Promise<Float32Array>[] {
  const batch = { key: 'a', ...rowsOf(1, 1, 1, 1, 1, 1, 1, 1) };
  return Array.from({ length: batches }, () => batcher.submit(batch));
}

test('a deadline that the queue would outlast is refused at once, and told when it would fit', async () => {
  const gate = new Gate();
  const rejected = vi.fn();
  const observer = { pending: vi.fn(), dispatched: vi.fn(), waited: vi.fn(), retried: vi.fn(), rejected };
  const batcher = batcherOf(gate, { maxPendingRows: 1000, observer });
  await learn(gate, batcher);
  const accepted = fill(batcher, 5);
  // One batch in flight and four ahead: the sixth is answered after 60 ms, and must fit with a quarter to spare.
  const deadline = performance.now() + 74;
  await expect(batcher.submit({ key: 'a', ...rowsOf(1), deadline })).rejects.toMatchObject({
    code: 'DEADLINE_UNREACHABLE',
    kind: 'exhausted',
    retryAfterMs: 1,
    message: 'an answer takes about 75 ms now; the deadline is in 74 ms',
  });
  expect(rejected).toHaveBeenCalledExactlyOnceWith('unreachable');
  const fits = batcher.submit({ key: 'a', ...rowsOf(3), deadline: performance.now() + 76 });
  for (let i = 0; i < 6; i++) await gate.releaseAfter(10);
  expect([...(await fits)]).toEqual([6]);
  await Promise.all(accepted);
});

test('what the batch in flight has spent already shortens the prediction', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { maxPendingRows: 1000 });
  await learn(gate, batcher);
  void fill(batcher, 2);
  await vi.advanceTimersByTimeAsync(8);
  // 2 ms + 10 ms + 10 ms, and a quarter to spare.
  const submit = (left: number) =>
    batcher.submit({ key: 'a', ...rowsOf(1), deadline: performance.now() + left });
  await expect(submit(27)).rejects.toMatchObject({ code: 'DEADLINE_UNREACHABLE' });
  void submit(28);
  expect(batcher.pendingRows).toBe(9);
});

test('a batcher that has seen nothing refuses no deadline', async () => {
  const batcher = batcherOf(new Gate(), { maxPendingRows: 1000 });
  void fill(batcher, 50);
  void batcher.submit({ key: 'a', ...rowsOf(1), deadline: performance.now() + 1 }).catch(() => {});
  expect(batcher.pendingRows).toBe(49 * 8 + 1);
});

test('with nothing waiting no deadline is refused, however short: a wrong prediction corrects itself', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate);
  await learn(gate, batcher);
  const answer = batcher.submit({ key: 'a', ...rowsOf(1), deadline: performance.now() + 1 });
  await gate.release();
  expect([...(await answer)]).toEqual([2]);
});

test('without a deadline the predicted wait is bounded', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { maxPendingRows: 1000, maxQueueMs: 45 });
  await learn(gate, batcher);
  // The first runs; of the others four are 40 ms, and a request that finds five would wait for 60.
  const accepted = fill(batcher, 5);
  const last = batcher.submit({ key: 'a', ...rowsOf(1) });
  void last.catch(() => {});
  await expect(last).rejects.toMatchObject({ code: 'QUEUE_FULL', retryAfterMs: 5 });
  for (let i = 0; i < 5; i++) await gate.releaseAfter(10);
  await Promise.all(accepted);
});

test('a full queue says when half of it will be done', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { maxPendingRows: 32 });
  await learn(gate, batcher);
  void fill(batcher, 5);
  await expect(batcher.submit({ key: 'a', ...rowsOf(1) })).rejects.toMatchObject({
    code: 'QUEUE_FULL',
    retryAfterMs: 25,
  });
});

test('a second batch goes ahead of the first answer when it is half full, and no third', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { maxInFlight: 2 });
  const submit = (): void => void batcher.submit({ key: 'a', ...rowsOf(1) });
  submit();
  for (let i = 0; i < 3; i++) submit();
  expect(gate.batches.map(({ rows }) => rows)).toEqual([1]);
  submit();
  expect(gate.batches.map(({ rows }) => rows)).toEqual([1, 4]);
  for (let i = 0; i < 8; i++) submit();
  expect(gate.inFlight).toBe(2);
  await gate.release();
  expect(gate.batches.map(({ rows }) => rows)).toEqual([1, 4, 8]);
});

test('a batch that waited behind another in the engine is not taken for a slow one', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { maxInFlight: 2, maxPendingRows: 1000 });
  const answers = fill(batcher, 20);
  for (let i = 0; i < 20; i++) await gate.releaseAfter(10);
  await Promise.all(answers);
  void fill(batcher, 3);
  // 20 ms of two batches in flight, 10 ms of the one that waits, 10 ms of its own, and a quarter to spare.
  await expect(
    batcher.submit({ key: 'a', ...rowsOf(1), deadline: performance.now() + 49 }),
  ).rejects.toMatchObject({
    message: 'an answer takes about 50 ms now; the deadline is in 49 ms',
  });
});

test('a rare key is not starved by a busy one: at most the batches before it run first', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { maxPendingRows: 1000 });
  void fill(batcher, 3);
  const rare = batcher.submit({ key: 'rare', ...rowsOf(5) });
  for (let i = 0; i < 3; i++) {
    await gate.release();
    // The busy key never has less than a full batch.
    void fill(batcher, 2);
  }
  expect(gate.batches.map(({ key }) => key)).toEqual(['a', 'a', 'a', 'rare']);
  await gate.release();
  expect([...(await rare)]).toEqual([10]);
});

test('callers who come and leave while the engine is busy leave nothing behind', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { maxPendingRows: 10 });
  void batcher.submit({ key: 'a', ...rowsOf(1) });
  const stays = batcher.submit({ key: 'a', ...rowsOf(7) });
  for (let i = 0; i < 1000; i++) {
    const controller = new AbortController();
    const gone = batcher.submit({ key: 'a', ...rowsOf(2), signal: controller.signal });
    controller.abort(new Error('left'));
    await expect(gone).rejects.toThrow('left');
  }
  expect(batcher.pendingRows).toBe(1);
  await gate.release();
  await gate.release();
  expect([...(await stays)]).toEqual([14]);
  expect(gate.batches).toEqual([
    { key: 'a', rows: 1 },
    { key: 'a', rows: 1 },
  ]);
});
