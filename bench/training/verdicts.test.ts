import { expect, test } from 'vitest';
import { ratioOf, verdictsOf } from './verdicts.ts';

const row = (engine: 'onnxruntime' | 'pytorch', medianMs: number, minMs: number, variant?: string) => ({
  work: 'joint-iteration' as const,
  engine,
  ...(variant === undefined ? {} : { variant }),
  threads: 1,
  device: 'cpu' as const,
  batch: 16,
  medianMs,
  minMs,
  runs: 9,
  boundMs: 20,
});

test('a ratio is to the better of PyTorch in the same run, and a goal is met or not', () => {
  const rows = [
    row('onnxruntime', 45, 40),
    row('pytorch', 130, 120, 'plain'),
    row('pytorch', 80, 79, 'tuned'),
  ];
  expect(ratioOf(rows, rows[0]!)).toBe(0.5625);
  expect(ratioOf(rows, rows[1]!)).toBeUndefined();
  const [verdict] = verdictsOf(rows);
  expect(verdict).toMatchObject({ ratio: 0.5625, most: 0.5, met: false, least: 0.2532 });
  expect(verdict!.ratioOfFastest).toBeCloseTo(40 / 79, 3);
  expect(verdictsOf([row('onnxruntime', 40, 40), rows[2]!])[0]!.met).toBe(true);
});

test('without PyTorch there is no verdict', () => {
  expect(verdictsOf([row('onnxruntime', 45, 40)])).toEqual([]);
});
