import { expect, test } from 'vitest';
import type { FaultsResult } from '../faults/faults.ts';
import { renderFaults } from './faults-page.ts';

const RESULT: FaultsResult = {
  benchmark: 'faults',
  date: '2026-11-25',
  command: 'npm run bench -- faults',
  machine: { cpu: 'a CPU', cores: 2, node: 'v22', load: 0.1 },
  rows: [
    {
      fault: 'engine killed',
      times: 50,
      traffic: { requests: 900, answered: 897, different: 0, failed: { UNAVAILABLE: 3 }, longestGapMs: 20 },
      lost: 3,
      recoveryMs: { median: 400, longest: 900 },
      checked: 'calls are answered',
    },
  ],
  untried: { 'clock-jump': 'libfaketime is not installed' },
};

test('what was lost, and what was not tried, stand on the page', () => {
  const page = renderFaults(RESULT);
  expect(page).toMatch(/engine killed \| +50 \| +900 \| 3 UNAVAILABLE \| +3 \| +400 \| +900 \|/);
  expect(page).toContain('**clock-jump** was not tried: libfaketime is not installed.');
});
