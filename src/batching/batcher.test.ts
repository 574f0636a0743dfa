import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { batcherOf, Gate, rowsOf } from '../../test/support/batch-gate.ts';
import { integerAt, randomKey } from '../random.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('goes at once when the engine is idle, and batches what came while it was busy', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate);
  const answers = [1, 2, 3].map((value) => batcher.submit({ key: 'a', ...rowsOf(value) }));
  expect(gate.batches).toEqual([{ key: 'a', rows: 1 }]);
  await gate.release();
  expect(gate.batches.at(-1)).toEqual({ key: 'a', rows: 2 });
  await gate.release();
  expect((await Promise.all(answers)).map((answer) => [...answer])).toEqual([[2], [4], [6]]);
});

test('splits a request that is larger than a batch and joins its answers in order', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { maxBatchRows: 4 });
  const answer = batcher.submit({ key: 'a', ...rowsOf(1, 2, 3, 4, 5, 6) });
  await gate.release();
  await gate.release();
  expect([...(await answer)]).toEqual([2, 4, 6, 8, 10, 12]);
  expect(gate.batches.map(({ rows }) => rows)).toEqual([4, 2]);
});

test('never mixes versions, and serves them in order of arrival', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate);
  for (const key of ['a', 'b', 'a', 'b']) void batcher.submit({ key, ...rowsOf(1) });
  for (let i = 0; i < 3; i++) await gate.release();
  expect(gate.batches).toEqual([
    { key: 'a', rows: 1 },
    { key: 'b', rows: 2 },
    { key: 'a', rows: 1 },
  ]);
});

test('a full queue refuses at once and says when to come back', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate, { maxPendingRows: 2 });
  void batcher.submit({ key: 'a', ...rowsOf(1) });
  void batcher.submit({ key: 'a', ...rowsOf(1, 2) });
  await expect(batcher.submit({ key: 'a', ...rowsOf(3) })).rejects.toMatchObject({
    code: 'QUEUE_FULL',
    retryAfterMs: 100,
  });
  expect(batcher.pendingRows).toBe(2);
});

test('a passed deadline is answered by its timer, not at the end of the batch, and its rows never run', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate);
  void batcher.submit({ key: 'a', ...rowsOf(1) });
  const late = batcher.submit({ key: 'a', ...rowsOf(2), deadline: performance.now() + 50 });
  const outcome = expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  await vi.advanceTimersByTimeAsync(50);
  await outcome;
  await gate.release();
  expect(gate.batches).toEqual([{ key: 'a', rows: 1 }]);
  expect(batcher.pendingRows).toBe(0);
});

test('a cancelled request never runs, and the others of its batch do', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate);
  void batcher.submit({ key: 'a', ...rowsOf(1) });
  const controller = new AbortController();
  const gone = batcher.submit({ key: 'a', ...rowsOf(2), signal: controller.signal });
  const stays = batcher.submit({ key: 'a', ...rowsOf(3) });
  controller.abort(new Error('left'));
  await expect(gone).rejects.toThrow('left');
  await gate.release();
  await gate.release();
  expect([...(await stays)]).toEqual([6]);
  expect(gate.batches.at(-1)).toEqual({ key: 'a', rows: 1 });
});

test('a batch that fails rejects its own requests, and the next one runs', async () => {
  let fail = true;
  const batcher = batcherOf({
    run: async ({ rows }) => {
      if (fail) throw new Error('engine gone');
      return new Float32Array(rows);
    },
  });
  await expect(batcher.submit({ key: 'a', ...rowsOf(1) })).rejects.toThrow('engine gone');
  fail = false;
  expect((await batcher.submit({ key: 'a', ...rowsOf(1) })).length).toBe(1);
});

test('drain refuses new rows and waits for the accepted ones', async () => {
  const gate = new Gate();
  const batcher = batcherOf(gate);
  const accepted = batcher.submit({ key: 'a', ...rowsOf(1) });
  let drained = false;
  const drain = batcher.drain().then(() => {
    drained = true;
  });
  await expect(batcher.submit({ key: 'a', ...rowsOf(2) })).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  expect(drained).toBe(false);
  await gate.release();
  await accepted;
  await drain;
});

test('any way of cutting rows into requests gives the same answers', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const gate = new Gate();
    const batcher = batcherOf(gate, {
      maxBatchRows: 1 + integerAt(randomKey(seed, 'max'), 0, 9),
      maxPendingRows: 1000,
      maxInFlight: 1 + (seed % 3),
      instances: () => 1 + (seed % 4),
    });
    const values = Float32Array.from({ length: 40 }, (_, i) => i);
    const answers: Promise<Float32Array>[] = [];
    for (let at = 0, i = 0; at < 40; i++) {
      const rows = Math.min(40 - at, 1 + integerAt(randomKey(seed, 'cut'), i, 7));
      answers.push(
        batcher.submit({ key: 'a', rows, values: values.subarray(at, at + rows), tag: undefined }),
      );
      at += rows;
    }
    while (batcher.pendingRows > 0 || gate.inFlight > 0) await gate.release();
    const joined = (await Promise.all(answers)).flatMap((answer) => [...answer]);
    expect(joined).toEqual(Array.from({ length: 40 }, (_, i) => 2 * i));
  }
});

test('callers who want fewer columns get theirs, whoever shares their batches', async () => {
  const widths = [3, 2, 3];
  let batch = 0;
  // Rows of 10 r, 10 r + 1, ...: one batch is as wide as its widest caller wants.
  const run: Gate['run'] = async ({ rows, values }) => {
    const width = widths[batch++]!;
    const all = values.flatMap((part) => [...part]);
    return Float32Array.from(
      { length: rows * width },
      (_, i) => 10 * all[Math.floor(i / width)]! + (i % width),
    );
  };
  const batcher = batcherOf({ run }, { maxBatchRows: 2 });
  const narrow = batcher.submit({ key: 'a', ...rowsOf(1, 2, 3, 4), columns: 2 });
  const wide = batcher.submit({ key: 'a', ...rowsOf(5) });
  expect([...(await narrow)]).toEqual([10, 11, 20, 21, 30, 31, 40, 41]);
  expect([...(await wide)]).toEqual([50, 51, 52]);
  expect(batch).toBe(3);
});
