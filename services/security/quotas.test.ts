import { expect, test } from 'vitest';
import { VigilError } from '../../src/errors.ts';
import { type QuotaLimits, Quotas } from './quotas.ts';

let now = 0;
const open = (limits: Partial<QuotaLimits>): Quotas =>
  new Quotas({ calls: 0, streams: 0, callsPerSecond: 0, principals: 100, ...limits }, () => now);

function refusal(take: () => unknown): VigilError {
  try {
    take();
  } catch (error) {
    if (error instanceof VigilError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

test('calls in flight are counted by principal, and a place is given back once', () => {
  const quotas = open({ calls: 2 });
  const release = quotas.take('a', false);
  quotas.take('a', false);
  const refused = refusal(() => quotas.take('a', false));
  expect(refused).toMatchObject({ code: 'QUOTA_EXCEEDED', retryAfterMs: 100 });
  expect(refused.message).toContain('found 2 calls in flight; allowed: at most 2');
  quotas.take('b', false);
  release();
  release();
  quotas.take('a', false);
  expect(refusal(() => quotas.take('a', false)).code).toBe('QUOTA_EXCEEDED');
});

test('streams have a limit of their own', () => {
  const quotas = open({ calls: 10, streams: 1 });
  const release = quotas.take('a', true);
  quotas.take('a', false);
  expect(refusal(() => quotas.take('a', true)).message).toContain('1 streams in flight');
  release();
  quotas.take('a', true);
});

test('a second has so many calls; the refusal says when the next may come', () => {
  const quotas = open({ callsPerSecond: 4 });
  for (let i = 0; i < 4; i++) quotas.take('a', false)();
  expect(refusal(() => quotas.take('a', false)).retryAfterMs).toBe(250);
  now += 249;
  expect(refusal(() => quotas.take('a', false)).retryAfterMs).toBe(1);
  now += 1;
  quotas.take('a', false)();
  expect(refusal(() => quotas.take('a', false)).retryAfterMs).toBe(250);
  // A long silence is worth one second of calls.
  now += 60_000;
  for (let i = 0; i < 4; i++) quotas.take('a', false)();
  expect(refusal(() => quotas.take('a', false)).retryAfterMs).toBe(250);
});

test('a refused call costs none of the calls of the second', () => {
  const quotas = open({ calls: 1, callsPerSecond: 2 });
  const release = quotas.take('a', false);
  for (let i = 0; i < 10; i++) refusal(() => quotas.take('a', false));
  release();
  quotas.take('a', false);
});

test('only so many principals are remembered, and none is forgotten to its advantage', () => {
  const quotas = open({ callsPerSecond: 1, principals: 2 });
  const release = quotas.take('a', false);
  quotas.take('b', false)();
  expect(refusal(() => quotas.take('c', false)).message).toContain('2 other principals');
  now += 1000;
  // b has its second's calls back and none in flight; a's is in flight.
  quotas.take('c', false)();
  expect(refusal(() => quotas.take('d', false)).code).toBe('QUOTA_EXCEEDED');
  release();
  now += 1000;
  quotas.take('d', false);
});
