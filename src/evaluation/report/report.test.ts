import { expect, test } from 'vitest';
import { evaluate } from '../metrics.ts';
import type { ReportContent } from './content.ts';
import { renderReport } from './report.ts';

const classNames = ['a<b', 'c'];
const evaluation = evaluate({
  probabilities: Float32Array.of(0.9, 0.1, 0.3, 0.7, 0.6, 0.4),
  labels: Uint8Array.of(0, 1, 1),
  classNames,
  trainPriors: [0.5, 0.5],
});
const epoch = (number: number) => ({
  epoch: number,
  steps: number,
  losses: { classifier: 1 / number, joint: 2 / number },
  validation: { accuracy: 0.5, macroAccuracy: 0.5, macroAuc: null },
  learningRate: 1e-4,
  classifierUpdates: number,
  seconds: 1,
});
const bands = (width: number) => [0, 1].map((step) => ({ step, low: -width, median: 0, high: width }));
const content: ReportContent = {
  dataset: 'test',
  split: { by: 'group', train: 4, validation: 2, test: 3 },
  classNames,
  classRows: [3, 1],
  engine: 'onnxruntime',
  created: 'today',
  models: [{ regime: 'joint_scratch', version: '1', evaluation, history: [epoch(1), epoch(2)], seconds: 3 }],
  promoted: { version: '1', reason: 'it is the only one' },
  people: [{ person: '7', label: 'c', windows: 2, right: 1, answer: 'c' }],
  synthetic: {
    className: 'c',
    rows: 2,
    seed: '1',
    sha256: 'abc',
    channels: [{ name: 'x', real: bands(2), synthetic: bands(1) }],
  },
};
const html = renderReport(content);

test('one page: no script, no request, a chart for each loss, score, matrix and channel', () => {
  expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  expect(html.match(/<svg/g)).toHaveLength(2 + 3 + 2 + 1);
  for (const label of ['classifier by epoch', 'macro accuracy by epoch', 'joint_scratch: confusion matrix']) {
    expect(html).toContain(`aria-label="${label}"`);
  }
});

test('names from data are escaped, figures are formatted, nothing is undefined', () => {
  expect(html).toContain('a&lt;b');
  expect(html).not.toContain('a<b');
  expect(html).toContain('75.0 %');
  expect(html).not.toMatch(/undefined|NaN|\[object/);
});

test('the page says how narrow the synthetic rows are', () => {
  expect(html).toContain('<strong>50.0 %</strong> as wide as the real ones');
});
