import { expect, test } from 'vitest';
import { Histogram } from './histogram.ts';

test('percentiles are those of the sorted values, to 0.8 %', () => {
  const histogram = new Histogram();
  // 0.01 ms to 1 s, in an order that is not sorted.
  const values = Array.from({ length: 5000 }, (_, i) => 10 ** (((i * 1237) % 5000) / 1000 - 2));
  for (const value of values) histogram.record(value);
  const sorted = values.toSorted((a, b) => a - b);
  for (const share of [0.01, 0.5, 0.99, 0.999, 1]) {
    const exact = sorted[Math.ceil(share * sorted.length) - 1]!;
    // Half a microsecond of rounding beside the width of a bucket.
    expect(Math.abs(histogram.percentile(share) - exact)).toBeLessThan(exact / 128 + 0.0006);
  }
});

test('small whole microseconds and the largest value are exact', () => {
  const histogram = new Histogram();
  for (let us = 1; us <= 200; us++) histogram.record(us / 1000);
  histogram.record(12_345.678);
  expect(histogram.percentile(100 / 201)).toBe(0.1);
  expect(histogram.percentiles()).toMatchObject({ count: 201, maxMs: 12_345.678 });
  expect(histogram.percentile(1)).toBe(12_345.678);
});

test('nothing recorded is zero, and hours are kept in the last bucket', () => {
  const histogram = new Histogram();
  expect(histogram.percentiles()).toEqual({ count: 0, meanMs: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 });
  histogram.record(1e9);
  expect(histogram.percentile(0.5)).toBeCloseTo(2 ** 31 / 1000, 0);
});
