/** The charts of an experiment, as SVG text; narrow enough for a phone, with each row's name above its marks. */
import * as Plot from '@observablehq/plot';
import { draw, TICKS } from '../../evaluation/report/charts.ts';
import { type ComparedMeasure, MEASURES, TIES } from '../measures.ts';
import type { TableSummary } from '../summary.ts';

const WIDTH = 340;
const ROW_HEIGHT = 44;
const SEEDS_COLOUR = 'var(--series-1)';
const MEAN_COLOUR = 'currentColor';

/** Room for the names of the rows, above their marks. */
const frame = (rows: number): Plot.PlotOptions => ({
  width: WIDTH,
  height: rows * ROW_HEIGHT + 60,
  marginLeft: 8,
  marginRight: 12,
  marginTop: 22,
  marginBottom: 38,
});

const names = (rows: readonly { title: string }[]): Plot.Markish =>
  Plot.text(rows, {
    y: 'title',
    text: 'title',
    frameAnchor: 'left',
    textAnchor: 'start',
    dy: -14,
    // Legible over the marks of the row above.
    fill: 'currentColor',
    stroke: 'var(--card)',
    strokeWidth: 4,
  });

const scaled = (measure: ComparedMeasure): { factor: number; unit: string } =>
  MEASURES[measure].unit === 'share' ? { factor: 100, unit: ', %' } : { factor: 1, unit: '' };

/** Every run of every row as a dot, their mean as a line. */
export function runsChart({ rows }: TableSummary, measure: ComparedMeasure): string {
  const { factor, unit } = scaled(measure);
  const { title } = MEASURES[measure];
  const titles = rows.map(({ row }) => ({ title: row.title }));
  const dots = rows.flatMap(({ row, measures }) =>
    measures.flatMap((each) => {
      const value = each[measure];
      return value === null ? [] : [{ title: row.title, value: factor * value }];
    }),
  );
  const means = rows.flatMap(({ row, spread }) => {
    const mean = spread[measure]?.mean;
    return mean === undefined ? [] : [{ title: row.title, value: factor * mean }];
  });
  return draw(`${title} of every run, by row`, {
    ...frame(rows.length),
    x: { label: `${title}${unit}`, grid: true, ticks: 5, tickFormat: TICKS, inset: 8 },
    y: { type: 'band', domain: titles.map((each) => each.title), axis: null, padding: 0.4 },
    marks: [
      Plot.dot(dots, { x: 'value', y: 'title', r: 4, fill: SEEDS_COLOUR, fillOpacity: 0.45 }),
      Plot.tickX(means, { x: 'value', y: 'title', stroke: MEAN_COLOUR, strokeWidth: 2.5, inset: 4 }),
      names(titles),
    ],
  });
}

/** Mean differences to the reference with their intervals; the band is where differences are ties. */
export function differencesChart({ rows, reference }: TableSummary, measure: ComparedMeasure): string {
  const { factor } = scaled(measure);
  const { title, unit } = MEASURES[measure];
  const tie = factor * TIES[measure];
  const found = rows.flatMap(({ row, comparisons }) => {
    const comparison = comparisons[measure];
    if (!comparison) return [];
    const { meanDifference, interval } = comparison;
    // One pair says nothing about its interval.
    const end = (value: number): number => (Number.isFinite(value) ? value : meanDifference);
    return [
      {
        title: row.title,
        value: factor * meanDifference,
        low: factor * end(interval.low),
        high: factor * end(interval.high),
      },
    ];
  });
  return draw(`Difference in ${title} to ${reference.row.title}, by row, with 95 percent intervals`, {
    ...frame(found.length),
    x: {
      label: `difference in ${title}${unit === 'share' ? ', points' : ''}`,
      grid: true,
      ticks: 5,
      tickFormat: TICKS,
      inset: 8,
    },
    y: { type: 'band', domain: found.map((each) => each.title), axis: null, padding: 0.4 },
    marks: [
      Plot.rectX([{}], { x1: -tie, x2: tie, fill: 'currentColor', fillOpacity: 0.08 }),
      Plot.ruleX([0], { stroke: 'currentColor', strokeOpacity: 0.6 }),
      Plot.ruleY(found, { x1: 'low', x2: 'high', y: 'title', stroke: SEEDS_COLOUR, strokeWidth: 2 }),
      Plot.dot(found, { x: 'value', y: 'title', r: 4.5, fill: SEEDS_COLOUR }),
      names(found),
    ],
  });
}
