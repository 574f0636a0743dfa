/** The report's charts, as SVG text. Colours are the page's CSS variables, so that they follow light and dark. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { EpochRecord } from '../history.ts';
import type { ReportChannel, ReportModel } from './content.ts';

const { document } = parseHTML('<!doctype html><html><body></body></html>');

const SERIES = ['var(--series-1)', 'var(--series-2)', 'var(--series-3)'];
const FONT = { fontFamily: 'inherit', fontSize: '12px', background: 'transparent', overflow: 'visible' };

/** Three digits, no trailing zeros, and no exponents where none are needed. */
export const TICKS = (value: number): string => String(Number(value.toPrecision(3)));

/** Draws without a DOM. The accessible name says what a reader cannot see. */
export function draw(label: string, options: Plot.PlotOptions): string {
  const figure = Plot.plot({
    ...options,
    style: FONT,
    ariaLabel: label,
    document: document as never,
  });
  figure.setAttribute('role', 'img');
  // Plot's own style sheet paints a white background that dark pages do not want.
  for (const style of figure.querySelectorAll('style')) style.remove();
  return figure.outerHTML;
}

interface Point {
  readonly model: string;
  readonly epoch: number;
  readonly value: number;
}

function lines(title: string, points: readonly Point[], models: readonly string[], zero: boolean): string {
  const epochs = Math.max(...points.map(({ epoch }) => epoch));
  return draw(`${title} by epoch`, {
    width: 320,
    height: 200,
    marginLeft: 46,
    marginBottom: 34,
    x: { label: 'epoch', interval: Math.ceil(epochs / 6), tickFormat: 'd' },
    y: { label: null, grid: true, ticks: 5, zero, tickFormat: TICKS },
    color: { domain: [...models], range: SERIES },
    marks: [
      Plot.lineY(points, { x: 'epoch', y: 'value', stroke: 'model', strokeWidth: 2 }),
      Plot.dot(points, { x: 'epoch', y: 'value', fill: 'model', r: 2.5 }),
    ],
  });
}

function pointsOf(
  models: readonly ReportModel[],
  pick: (record: EpochRecord) => number | null | undefined,
): Point[] {
  return models.flatMap(({ regime, history }) =>
    history.flatMap((record) => {
      const value = pick(record);
      return value === null || value === undefined ? [] : [{ model: regime, epoch: record.epoch, value }];
    }),
  );
}

/** One chart per loss term, in the order that runs report them. */
export function lossCharts(models: readonly ReportModel[]): { title: string; svg: string }[] {
  const terms = [
    ...new Set(models.flatMap(({ history }) => history.flatMap(({ losses }) => Object.keys(losses)))),
  ];
  const names = models.map(({ regime }) => regime);
  return terms.map((term) => ({
    title: term,
    svg: lines(
      term,
      pointsOf(models, ({ losses }) => losses[term]),
      names,
      false,
    ),
  }));
}

export function validationCharts(models: readonly ReportModel[]): { title: string; svg: string }[] {
  const names = models.map(({ regime }) => regime);
  const scores = [
    ['macro accuracy', (record: EpochRecord) => record.validation.macroAccuracy],
    ['accuracy', (record: EpochRecord) => record.validation.accuracy],
    ['macro AUC', (record: EpochRecord) => record.validation.macroAuc],
  ] as const;
  return scores.map(([title, pick]) => ({ title, svg: lines(title, pointsOf(models, pick), names, false) }));
}

/** Rows are true classes, columns predicted; cells are tinted by the share of their row. */
export function confusionChart(
  title: string,
  classNames: readonly string[],
  confusion: readonly { readonly counts: readonly number[] }[],
): string {
  const cells = confusion.flatMap(({ counts }, k) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count, predicted) => {
      const share = total > 0 ? count / total : 0;
      return {
        truth: classNames[k],
        predicted: classNames[predicted],
        share,
        text: `${count}\n${Math.round(100 * share)}%`,
      };
    });
  });
  return draw(title, {
    width: 340,
    height: 270,
    marginLeft: 96,
    marginBottom: 44,
    marginTop: 10,
    x: { label: 'predicted', domain: [...classNames], tickSize: 0 },
    y: { label: 'true', domain: [...classNames], tickSize: 0, labelAnchor: 'top' },
    marks: [
      Plot.cell(cells, {
        x: 'predicted',
        y: 'truth',
        fill: 'var(--series-1)',
        fillOpacity: (cell) => 0.06 + 0.64 * cell.share,
        inset: 1,
      }),
      Plot.text(cells, { x: 'predicted', y: 'truth', text: 'text', fill: 'currentColor', lineHeight: 1.2 }),
    ],
  });
}

/** Medians with the band from the 10th to the 90th percentile, real beside synthetic. */
export function channelChart({ name, real, synthetic }: ReportChannel): string {
  const bands = [
    ...real.map((band) => ({ ...band, source: 'real' })),
    ...synthetic.map((band) => ({ ...band, source: 'synthetic' })),
  ];
  return draw(`${name}: real and synthetic, median and 10 to 90 percent band by step`, {
    width: 320,
    height: 200,
    marginLeft: 46,
    marginBottom: 34,
    x: { label: 'step', ticks: 6 },
    y: { label: null, grid: true, ticks: 5, tickFormat: TICKS },
    color: { domain: ['real', 'synthetic'], range: SERIES },
    marks: [
      Plot.areaY(bands, { x: 'step', y1: 'low', y2: 'high', fill: 'source', fillOpacity: 0.18 }),
      Plot.lineY(bands, { x: 'step', y: 'median', stroke: 'source', strokeWidth: 2 }),
    ],
  });
}
