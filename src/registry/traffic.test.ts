import { expect, test } from 'vitest';
import { type TrafficMode, takes } from './traffic.ts';

const REQUESTS = 20_000;
const ids = Array.from({ length: REQUESTS }, (_, i) => `request-${i}`);
const split = (share: number, mode: TrafficMode = 'canary', alias = 'stable') => ({ alias, mode, share });

test.each([0.01, 0.1, 0.5, 0.9])('a share of %d takes that part of ids that count up', (share) => {
  const taken = ids.filter((id) => takes(split(share), id)).length;
  // Five standard deviations of a binomial count: a fair hash fails once in two million.
  expect(Math.abs(taken - REQUESTS * share)).toBeLessThan(5 * Math.sqrt(REQUESTS * share * (1 - share)));
});

test('all are all, and none is none', () => {
  expect(ids.every((id) => takes(split(1), id))).toBe(true);
  expect(ids.some((id) => takes(split(0), id))).toBe(false);
});

test('a share that grows keeps the requests that it had', () => {
  const before = ids.filter((id) => takes(split(0.1), id));
  expect(before.every((id) => takes(split(0.3), id))).toBe(true);
});

test('modes and aliases choose independently', () => {
  for (const other of [split(0.5, 'shadow'), split(0.5, 'canary', 'candidate')]) {
    const both = ids.filter((id) => takes(split(0.5), id) && takes(other, id)).length;
    // Five standard deviations of a binomial count with p = 1/4.
    expect(Math.abs(both - REQUESTS / 4)).toBeLessThan(5 * Math.sqrt((REQUESTS * 3) / 16));
  }
});
