import { expect, test } from 'vitest';
import { checkTimes, DEFAULT_TIMES, type StreamTimes } from './stream-settings.ts';

const none = { windowUs: undefined, hopUs: undefined, latenessUs: undefined, maxGapUs: undefined };
const check = (given: Partial<StreamTimes>): StreamTimes => checkTimes({ ...none, ...given }, 'config.');

test('defaults fill in, and give way to a short window', () => {
  expect(check({})).toEqual(DEFAULT_TIMES);
  expect(check({ windowUs: 5e5 })).toEqual({ windowUs: 5e5, hopUs: 5e5, latenessUs: 2e5, maxGapUs: 5e5 });
});

test('values out of range are refused by name, with what is allowed', () => {
  const cases: [Partial<StreamTimes>, string][] = [
    [{ windowUs: 499_999 }, 'config.window: found 0.499999 s; allowed: 0.5 s to 60 s'],
    [{ windowUs: Number.NaN }, 'config.window: found NaN s'],
    [{ hopUs: 49_999 }, 'config.hop: found 0.049999 s; allowed: 0.05 s to 10 s'],
    [{ windowUs: 2e6, hopUs: 2e6 + 1 }, 'config.hop: found 2.000001 s; allowed: 0.05 s to 2 s'],
    [{ hopUs: 50_000.5 }, 'config.hop: found'],
    [{ latenessUs: -1 }, 'config.allowed_lateness: found'],
    [{ latenessUs: 5_000_001 }, 'config.allowed_lateness: found 5.000001 s; allowed: 0 s to 5 s'],
    [{ maxGapUs: 10_000_001 }, 'config.max_gap: found 10.000001 s; allowed: 0 s to 10 s'],
  ];
  for (const [given, message] of cases) expect(() => check(given), message).toThrow(message);
});
