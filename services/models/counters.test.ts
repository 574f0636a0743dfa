import { expect, test } from 'vitest';
import { ModelCounters } from './counters.ts';

test('batches add up by size, and their time counts for each request in them', () => {
  const counters = new ModelCounters(() => 1234);
  counters.ran('1', 3, 2, 0.5);
  counters.ran('1', 3, 1, 0.25);
  counters.ran('1', 8, 1, 1);
  counters.waited('1', 0.125);
  const found = counters.of('1');
  expect(found).toMatchObject({ lastRun: 1234, rows: 14, computeSeconds: 2.25 });
  expect(found.waited).toEqual({ count: 1, seconds: 0.125 });
  expect([...found.batches]).toEqual([
    [3, { count: 2, seconds: 0.75 }],
    [8, { count: 1, seconds: 1 }],
  ]);
  expect(counters.of('2')).toMatchObject({ lastRun: 0, rows: 0 });
});

test('a request counts as answered or as failed, and its result or error passes', async () => {
  const counters = new ModelCounters(Date.now);
  expect(await counters.request('1', async () => 7)).toBe(7);
  const refused = new Error('full');
  await expect(counters.request('1', () => Promise.reject(refused))).rejects.toBe(refused);
  const { succeeded, failed } = counters.of('1');
  expect([succeeded.count, failed.count]).toEqual([1, 1]);
});
