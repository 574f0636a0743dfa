import { expect, test } from 'vitest';
import type { Provenance } from '../machine.ts';
import type { RateRow } from '../serving/rates.ts';
import type { ServingResult } from '../serving/serving.ts';
import { servingSection } from './serving-section.ts';

const standing: Provenance = {
  date: '2026-01-02',
  command: 'npm run bench -- serving',
  machine: { cpu: 'a processor', cores: 2, node: 'v22.0.0', load: 0.1 },
};
const row = (changes: Partial<RateRow>): RateRow => ({
  server: 'vigil',
  method: 'ModelInfer',
  inFlight: 1,
  rps: 2500,
  p50Ms: 0.4,
  p99Ms: 0.9,
  p999Ms: 2,
  errors: 0,
  loadCpuShare: 0.1,
  ...changes,
});
const result: ServingResult = {
  benchmark: 'serving',
  rates: {
    ...standing,
    threads: 2,
    pace: { warmUpMs: 1000, measureMs: 6000, rounds: 3 },
    versions: { triton: 'nvidia-pytriton 0.7.0' },
    missing: [{ server: 'kserve', reason: 'it could not be installed: no network' }],
    ceiling: { inFlight: 64, rps: 19_000, rpsOfOneCore: 60_000, h2load: { missing: 'it is not installed' } },
  },
  rows: [row({}), row({ server: 'triton', rps: 400, p99Ms: 3 }), row({ server: 'mlserver', errors: 7 })],
  scenarios: {
    sigterm: {
      ...standing,
      title: 'SIGTERM under load',
      how: 'How.',
      findings: [
        { what: 'accepted and lost', found: 2, unit: 'count', goal: { most: 0 } },
        { what: 'until it was gone', found: 310, unit: 'ms' },
      ],
    },
  },
};

test('every ratio stands beside its goal, and its verdict follows from both', () => {
  const section = servingSection(result);
  expect(section).toMatch(
    /\| Triton \(Python backend\) +\| +1 \| +6\.25 \| +5\.0 \| +0\.90 \| +3\.00 \| +met \|/,
  );
  expect(section).toMatch(/\| MLServer +\| +1 \| +1\.00 \| +4\.0 \| .* \*\*not met\*\* \|/);
  expect(section).toContain('2500 (0.40, 0.90, 7 errors)');
});

test('who is not there says why, and the limit of the load generator is told', () => {
  const section = servingSection(result);
  expect(section).toContain('KServe: it could not be installed: no network');
  expect(section).toContain(
    '19000 calls a second to the no-op at 64 in flight, 60000 by its own processor time',
  );
  expect(section).toContain('h2load was not asked: it is not installed');
});

test('a scenario has its goals and verdicts; a number without a goal has none', () => {
  const section = servingSection(result);
  expect(section).toMatch(/\| accepted and lost +\| +2 \| +at most 0 \| +\*\*not met\*\* \|/);
  expect(section).toMatch(/\| until it was gone +\| +310 ms \| +\| +\|/);
});

test('scenarios can be there without rates', () => {
  const { scenarios } = result;
  expect(servingSection({ benchmark: 'serving', scenarios: scenarios! })).toContain('Not measured yet');
});
