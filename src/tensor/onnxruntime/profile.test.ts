import { expect, test } from 'vitest';
import { parseProfile } from './profile.ts';

const node = (name: string, op: string, ts: number, dur: number): object => ({
  cat: 'Node',
  name: `${name}_kernel_time`,
  ts,
  dur,
  args: { op_name: op, provider: 'CPUExecutionProvider' },
});
const run = (ts: number, dur: number): object => ({ cat: 'Session', name: 'model_run', ts, dur, args: {} });

// A run's own event is written when it ends, after those of its nodes; `ts` is when it began.
const EVENTS = [
  { cat: 'Session', name: 'session_initialization', ts: 0, dur: 5000, args: {} },
  node('a', 'MatMul', 6001, 9000),
  run(6000, 9999),
  node('a', 'MatMul', 20_001, 300),
  node('b', 'MatMul', 20_400, 100),
  node('c', 'Add', 20_600, 200),
  run(20_000, 1000),
  node('a', 'MatMul', 30_001, 500),
  node('b', 'MatMul', 30_600, 300),
  node('c', 'Add', 31_000, 400),
  run(30_000, 2000),
];

test('means per run, by op and by node, slowest first, without the warm-up', () => {
  const { runMs, ops, nodes } = parseProfile(JSON.stringify(EVENTS), 1);
  expect(runMs).toBe(1.5);
  expect(ops).toEqual([
    { op: 'MatMul', nodes: 2, ms: 0.6 },
    { op: 'Add', nodes: 1, ms: 0.3 },
  ]);
  expect(nodes).toEqual([
    { name: 'a', op: 'MatMul', ms: 0.4 },
    { name: 'c', op: 'Add', ms: 0.3 },
    { name: 'b', op: 'MatMul', ms: 0.2 },
  ]);
});

test('a profile that has no run left is an error', () => {
  expect(() => parseProfile(JSON.stringify(EVENTS), 3)).toThrow('a profile of 3 runs; needed: more than 3');
  expect(() => parseProfile('{}', 0)).toThrow();
});
