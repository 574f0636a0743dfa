/** Numbers for people. Files for programs have their own digits (csv.ts). */
import type { Interval } from '../evaluation/statistics/interval.ts';
import type { MeasureStyle } from './measures.ts';
import type { Spread } from './summary.ts';

type Unit = MeasureStyle['unit'];

const NONE = '–';
const MINUS = '−';

/** "71.3", "0.882", "1,258". */
export function formatValue(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return NONE;
  if (unit === 'count') return Math.round(value).toLocaleString('en-GB');
  const text = unit === 'share' ? (100 * Math.abs(value)).toFixed(1) : Math.abs(value).toFixed(3);
  return value < 0 && Number(text) !== 0 ? `${MINUS}${text}` : text;
}

/** "71.3 ± 1.2", or the mean alone of a count that does not vary. */
export function formatSpread(spread: Spread | null, unit: Unit): string {
  if (!spread) return NONE;
  const mean = formatValue(spread.mean, unit);
  return unit === 'count' ? mean : `${mean} ± ${formatValue(spread.deviation, unit)}`;
}

/** With its sign: "+1.8", "−0.004", "0.0". */
export function formatDifference(value: number | null | undefined, unit: Unit): string {
  const text = formatValue(value, unit);
  const positive = value !== null && value !== undefined && value > 0 && Number.parseFloat(text) !== 0;
  return positive ? `+${text}` : text;
}

/** "+0.9 to +2.7"; an end that the data say nothing about is a dash. */
export function formatInterval(interval: Interval | null, unit: Unit, signed: boolean): string {
  if (!interval) return NONE;
  const format = signed ? formatDifference : formatValue;
  const [low, high] = [interval.low, interval.high].map((end) =>
    Number.isFinite(end) ? format(end, unit) : NONE,
  );
  return low === NONE && high === NONE ? NONE : `${low} to ${high}`;
}

/** "0.012", "< 0.001". */
export const formatP = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

/** "1 seed", "2 seeds". */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
