import { parser } from '@prometheus-io/lezer-promql';
import { expect, test } from 'vitest';
import { METRICS, seriesNames } from '../metric-catalogue.ts';
import { buildDashboard } from './dashboard.ts';
import { ROWS } from './panels.ts';

const queries = ROWS.flatMap(({ panels }) =>
  panels.flatMap((panel) => panel.queries.map(({ expr }) => expr)),
);
/** Grafana's variables as Prometheus would see them. */
const plain = (expr: string): string => expr.replaceAll('$__rate_interval', '1m').replaceAll('$', '');

function seriesOf(expr: string): string[] {
  const names: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to, node }) => {
      if (name === '⚠') throw new Error(`PromQL error at ${from} of ${expr}`);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') names.push(expr.slice(from, to));
    },
  });
  return names;
}

test.each(queries)('%s parses, and asks for series that exist', (expr) => {
  const names = seriesOf(plain(expr));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(seriesNames()).toContain(name);
});

test('every family of ours is on the dashboard', () => {
  const asked = queries.flatMap((expr) => seriesOf(plain(expr)));
  const missing = Object.values(METRICS).filter(
    ({ name }) => !asked.some((series) => series.startsWith(name)),
  );
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test('panels have places of their own, and every query its data source', () => {
  const { panels = [] } = buildDashboard();
  const places = panels.map(({ gridPos }) => `${gridPos?.x},${gridPos?.y}`);
  expect(new Set(places).size).toBe(panels.length);
  expect(panels.length).toBeGreaterThan(20);
});
