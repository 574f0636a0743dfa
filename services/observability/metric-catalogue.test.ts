import { collectDefaultMetrics, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { DEFAULT_METRICS, METRICS, type MetricFamily, seriesNames } from './metric-catalogue.ts';

const families: readonly MetricFamily[] = Object.values(METRICS);

test('family names are unique and follow the Prometheus naming rules', () => {
  const names = families.map((family) => family.name);
  expect(new Set(names).size).toBe(names.length);
  for (const family of families) {
    expect(family.name).toMatch(/^(vigil|rpc_server)_[a-z_]+$/);
    expect(family.name.endsWith('_total'), family.name).toBe(family.type === 'counter');
    expect(family.help, family.name).toMatch(/\.$/);
    for (const label of family.labels) expect(label, family.name).toMatch(/^[a-z][a-z_]*$/);
  }
});

test('buckets ascend, and those of seconds start at a quarter of a millisecond', () => {
  for (const family of families) {
    if (family.type !== 'histogram') continue;
    const ascending = [...new Set(family.buckets)].sort((a, b) => a - b);
    expect(family.buckets, family.name).toEqual(ascending);
    if (family.name.endsWith('_seconds')) expect(family.buckets[0], family.name).toBe(0.00025);
  }
});

test('a histogram is queried by its three suffixes and never by its bare name', () => {
  const names = seriesNames();
  expect(names.has('vigil_inference_queue_seconds_bucket')).toBe(true);
  expect(names.has('vigil_inference_queue_seconds_sum')).toBe(true);
  expect(names.has('vigil_inference_queue_seconds_count')).toBe(true);
  expect(names.has('vigil_inference_queue_seconds')).toBe(false);
  expect(names.has('vigil_engine_up')).toBe(true);
});

test('the default series are those that prom-client registers', () => {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const registered = register
    .getMetricsAsArray()
    .flatMap(({ name }) =>
      name === 'nodejs_gc_duration_seconds'
        ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix)
        : [name],
    );
  const expected = DEFAULT_METRICS.filter(
    (name) => registered.includes(name) || process.platform === 'linux',
  );
  expect([...expected].sort()).toEqual(registered.sort());
});
