/** Figure 2 as SVG: one map of real and synthetic rows, before and after training. */
import * as Plot from '@observablehq/plot';
import { draw } from '../../evaluation/report/charts.ts';
import type { FigurePoint, FigurePoints } from '../figure-points.ts';

/** The page's colours in light, for paper. */
const PRINT = ['#2a6fdb', '#c2571a', '#2e8b57', '#8e44ad', '#a8801a', '#c0395b'];
const SERIES = PRINT.map((_, at) => `var(--series-${at + 1})`);

const PANELS = [
  ['before', 'Before training'],
  ['after', 'After training'],
] as const;
type Panel = (typeof PANELS)[number][0];

const colourOf = ({ label }: FigurePoint): string => SERIES[label % SERIES.length]!;

/** Real rows are dots, synthetic ones crosses; a class has one colour. */
function marks(points: readonly FigurePoint[], panel: Panel, facet: Plot.DotOptions = {}): Plot.Markish[] {
  const of = (source: FigurePoint['source']): FigurePoint[] =>
    points.filter((each) => each.source === source);
  return [
    Plot.dot(of('real'), { ...facet, x: 'x', y: 'y', r: 2, fill: colourOf, fillOpacity: 0.55 }),
    Plot.dot(of(panel), {
      ...facet,
      x: 'x',
      y: 'y',
      r: 3,
      symbol: 'times',
      stroke: colourOf,
      strokeWidth: 1.3,
    }),
  ];
}

const axes = { axis: null, inset: 6 } as const;

/** Both panels on the same scales, so that a place means the same in both. */
function domains(points: readonly FigurePoint[]): { x: [number, number]; y: [number, number] } {
  const range = (pick: (point: FigurePoint) => number): [number, number] => {
    const values = points.map(pick);
    return [Math.min(...values), Math.max(...values)];
  };
  return { x: range(({ x }) => x), y: range(({ y }) => y) };
}

export function scatterCharts({ points }: FigurePoints): { title: string; svg: string }[] {
  const { x, y } = domains(points);
  return PANELS.map(([panel, title]) => ({
    title,
    svg: draw(`Real rows and rows of the generator ${title.toLowerCase()}, in one embedding`, {
      width: 340,
      height: 320,
      margin: 4,
      x: { ...axes, domain: x },
      y: { ...axes, domain: y },
      marks: [Plot.frame({ stroke: 'currentColor', strokeOpacity: 0.2 }), ...marks(points, panel)],
    }),
  }));
}

/** Both panels in one file, on white, with a legend: for print. */
export function printFigure({ points, classNames }: FigurePoints): string {
  const { x, y } = domains(points);
  const facetOf = (title: string): Plot.DotOptions => ({ fx: () => title });
  const svg = draw('Real and synthetic rows in one embedding, before and after training', {
    width: 760,
    height: 420,
    marginTop: 28,
    marginBottom: 34,
    x: { ...axes, domain: x },
    y: { ...axes, domain: y },
    fx: { label: null, axis: 'top', domain: PANELS.map(([, title]) => title) },
    marks: [
      Plot.frame({ stroke: '#999' }),
      ...PANELS.flatMap(([panel, title]) => marks(points, panel, facetOf(title))),
    ],
  });
  const entries = [
    ...classNames.map((name, k) => ({ name, colour: PRINT[k % PRINT.length]! })),
    { name: 'dots: real, crosses: synthetic', colour: undefined },
  ];
  let at = 40;
  const legend = entries.map(({ name, colour }) => {
    const box = colour ? `<rect x="${at}" y="398" width="11" height="11" rx="2" fill="${colour}"/>` : '';
    const text = `<text x="${at + (colour ? 16 : 0)}" y="408" fill="#1b1c1e">${escapeXml(name)}</text>`;
    at += 44 + 6.6 * name.length;
    return box + text;
  });
  const plot = svg.replace(/var\(--series-(\d)\)/g, (_, number: string) => PRINT[Number(number) - 1]!);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="760" height="420" viewBox="0 0 760 420" color="#1b1c1e" font-family="Helvetica, Arial, sans-serif" font-size="12"><rect width="760" height="420" fill="#fff"/>${plot}${legend.join('')}</svg>\n`;
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
