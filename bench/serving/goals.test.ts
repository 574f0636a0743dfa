import { expect, test } from 'vitest';
import { peerVerdicts } from './goals.ts';
import type { RateRow } from './rates.ts';

const row = (changes: Partial<RateRow>): RateRow => ({
  server: 'vigil',
  method: 'ModelInfer',
  inFlight: 16,
  rps: 6000,
  p50Ms: 2,
  p99Ms: 4,
  p999Ms: 5,
  errors: 0,
  loadCpuShare: 0.1,
  ...changes,
});
const triton = row({ server: 'triton', rps: 2000, p99Ms: 10 });

test('a goal is met by the rate and the p99 together, and by answers without errors', () => {
  expect(peerVerdicts([row({}), triton])).toEqual([
    { peer: 'triton', inFlight: 16, ratio: 3, least: 3, ourP99Ms: 4, theirP99Ms: 10, met: true },
  ]);
  expect(peerVerdicts([row({ rps: 5999 }), triton])[0]!.met).toBe(false);
  expect(peerVerdicts([row({ p99Ms: 10 }), triton])[0]!.met).toBe(false);
  expect(peerVerdicts([row({ errors: 1 }), triton])[0]!.met).toBe(false);
});

test('the method that all speak is compared; Classify only where it was not measured', () => {
  const classify = row({ method: 'Classify', rps: 8000 });
  expect(peerVerdicts([classify, row({}), triton])[0]!.ratio).toBe(3);
  expect(peerVerdicts([classify, triton])[0]!.ratio).toBe(4);
});

test('whoever was not measured, or has no goal at that load, has no verdict', () => {
  expect(peerVerdicts([row({})])).toEqual([]);
  expect(peerVerdicts([row({ inFlight: 8 }), { ...triton, inFlight: 8 }])).toEqual([]);
});
