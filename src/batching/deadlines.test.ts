import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { integerAt, randomKey } from '../random.ts';
import { Deadlines } from './deadlines.ts';
import { Entry } from './request.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const entryOf = (deadline: number | undefined): Entry<undefined> =>
  new Entry(
    { key: 'a', rows: 1, values: new Float32Array(1), deadline, tag: undefined },
    0,
    () => {},
    () => {},
  );

test('every deadline passes once, in order, at its time; those removed never', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const start = Date.now();
    const passed: { deadline: number; at: number }[] = [];
    const deadlines = new Deadlines<undefined>(Date.now, ({ request }) =>
      passed.push({ deadline: request.deadline! - start, at: Date.now() - start }),
    );
    const wanted: number[] = [];
    const entries = Array.from({ length: 100 }, (_, i) =>
      entryOf(start + 1 + integerAt(randomKey(seed, 'deadline'), i, 500)),
    );
    for (const [i, entry] of entries.entries()) {
      deadlines.add(entry);
      // Removes some of those that came before, anywhere in the heap.
      if (i % 3 === 2) deadlines.remove(entries[integerAt(randomKey(seed, 'remove'), i, i)]!);
    }
    for (const { heapAt, request } of entries) if (heapAt >= 0) wanted.push(request.deadline! - start);
    await vi.advanceTimersByTimeAsync(600);
    wanted.sort((a, b) => a - b);
    expect(wanted.length).toBeLessThan(100);
    expect(passed).toEqual(wanted.map((deadline) => ({ deadline, at: deadline })));
    expect(vi.getTimerCount()).toBe(0);
  }
});

test('an earlier deadline is not kept waiting by a later one, and none sets no timer', async () => {
  const passed: number[] = [];
  const deadlines = new Deadlines<undefined>(Date.now, ({ request }) => passed.push(request.deadline!));
  deadlines.add(entryOf(undefined));
  expect(vi.getTimerCount()).toBe(0);
  deadlines.add(entryOf(100));
  deadlines.add(entryOf(10));
  await vi.advanceTimersByTimeAsync(10);
  expect(passed).toEqual([10]);
  await vi.advanceTimersByTimeAsync(90);
  expect(passed).toEqual([10, 100]);
});

test('a deadline beyond what timers can take does not pass at once', async () => {
  const passed: number[] = [];
  const deadlines = new Deadlines<undefined>(Date.now, ({ request }) => passed.push(request.deadline!));
  deadlines.add(entryOf(1e15));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(passed).toEqual([]);
});
