import { expect, test } from 'vitest';
import type { FigurePoints } from '../figure-points.ts';
import { printFigure, scatterCharts } from './scatter.ts';

const figure: FigurePoints = {
  run: 'joint_scratch-seed-1',
  classNames: ['a<b', 'c'],
  points: (['real', 'before', 'after'] as const).flatMap((source, s) =>
    [0, 1].map((label) => ({ source, label, x: s + label, y: s * label })),
  ),
};
const marksOf = (svg: string): number => svg.match(/<(circle|path) /g)?.length ?? 0;

test('two panels show the same real rows, and the synthetic rows of before or of after', () => {
  const charts = scatterCharts(figure);
  expect(charts.map(({ title }) => title)).toEqual(['Before training', 'After training']);
  for (const { svg } of charts) expect(marksOf(svg)).toBe(4);
});

test('the print is one whole SVG document: colours of its own, names escaped, no attribute twice', () => {
  const svg = printFigure(figure);
  expect(marksOf(svg)).toBe(8);
  expect(svg).not.toContain('var(--');
  expect(svg).toContain('a&lt;b');
  expect(svg).not.toMatch(/undefined|NaN/);
  for (const [, attributes] of svg.matchAll(/<[a-z]+ ([^>]*)>/g)) {
    const names = [...attributes!.matchAll(/([\w:-]+)="/g)].map(([, name]) => name);
    expect(new Set(names).size, attributes).toBe(names.length);
  }
});
