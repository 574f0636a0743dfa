import { expect, test } from 'vitest';
import { beatMs, faultOf } from './watchdog.ts';

const healthy = { silentMs: 100, stalledMs: 0, upMs: 60_000, rss: 1e9 };

test('a process that answers and is small goes on', () => {
  expect(faultOf(healthy, { silentMs: 1000, stallMs: 1000, maxMemoryBytes: 2e9 })).toBeUndefined();
});

test('silence beyond its limit is a hang, and so are batches without an answer', () => {
  expect(faultOf({ ...healthy, silentMs: 30_001 }, {})).toBe('hang');
  expect(faultOf({ ...healthy, stalledMs: 1001 }, { stallMs: 1000 })).toBe('hang');
  expect(faultOf({ ...healthy, stalledMs: 1e9 }, {})).toBeUndefined();
});

test('memory beyond its limit is a fault, but not of a process that has just started', () => {
  const limits = { maxMemoryBytes: 5e8 };
  expect(faultOf(healthy, limits)).toBe('memory');
  expect(faultOf({ ...healthy, upMs: 9999 }, limits)).toBeUndefined();
  expect(faultOf({ ...healthy, upMs: 9999 }, { ...limits, steadyMs: 9999 })).toBe('memory');
});

test('heartbeats are frequent enough for the shortest limit', () => {
  expect(beatMs({})).toBe(2000);
  expect(beatMs({ silentMs: 30_000, stallMs: 1000 })).toBe(250);
  expect(beatMs({ heartbeatMs: 50, stallMs: 0 })).toBe(50);
});
