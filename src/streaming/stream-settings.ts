/** What a stream of frames is cut into, checked. All times are whole microseconds of event time. */
import { VigilError } from '../errors.ts';

export interface StreamSettings {
  readonly channels: number;
  /** Steps of a window. */
  readonly steps: number;
  readonly windowUs: number;
  readonly hopUs: number;
  /** Frames older than the newest by more are dropped. */
  readonly latenessUs: number;
  /** Longest time between two observed values of a channel that is interpolated. */
  readonly maxGapUs: number;
  readonly resampling: 'linear' | 'mean';
}

export type StreamTimes = Pick<StreamSettings, 'windowUs' | 'hopUs' | 'latenessUs' | 'maxGapUs'>;

export const DEFAULT_TIMES: StreamTimes = {
  windowUs: 10_000_000,
  hopUs: 1_000_000,
  latenessUs: 200_000,
  maxGapUs: 500_000,
};

/** More frames a second than this, over what a stream keeps, are refused: it bounds the memory of a stream. */
export const MAX_FRAMES_PER_SECOND = 250;
/** A burst beyond the rate that is never refused. */
const SPARE_FRAMES = 64;

const WINDOW_US = [500_000, 60_000_000] as const;
const LEAST_HOP_US = 50_000;
const MOST_LATENESS_US = 5_000_000;

const seconds = (us: number): string => `${us / 1e6} s`;

/** Fills in defaults. FIELD_INVALID names the field as `prefix` and its name in the proto. */
export function checkTimes(
  given: { readonly [K in keyof StreamTimes]: number | undefined },
  prefix: string,
): StreamTimes {
  const within = (field: string, value: number, least: number, most: number): number => {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    const allowed = `${seconds(least)} to ${seconds(most)}, in whole microseconds`;
    throw VigilError.field(`${prefix}${field}`, seconds(value), allowed);
  };
  const windowUs = within('window', given.windowUs ?? DEFAULT_TIMES.windowUs, ...WINDOW_US);
  // Defaults give way to a short window; what was asked for does not.
  const upTo = (value: number | undefined, standard: number): number => value ?? Math.min(standard, windowUs);
  const lateness = upTo(given.latenessUs, DEFAULT_TIMES.latenessUs);
  return {
    windowUs,
    hopUs: within('hop', upTo(given.hopUs, DEFAULT_TIMES.hopUs), LEAST_HOP_US, windowUs),
    latenessUs: within('allowed_lateness', lateness, 0, Math.min(MOST_LATENESS_US, windowUs)),
    maxGapUs: within('max_gap', upTo(given.maxGapUs, DEFAULT_TIMES.maxGapUs), 0, windowUs),
  };
}

/** Most frames that a stream keeps: those of a window, of the gap before it and of the lateness after it. */
export function frameLimit({ windowUs, maxGapUs, latenessUs, hopUs }: StreamTimes): number {
  const kept = (windowUs + hopUs + maxGapUs + latenessUs) / 1e6;
  return Math.ceil(kept * MAX_FRAMES_PER_SECOND) + SPARE_FRAMES;
}
