import { median, rounded } from '../../machine.ts';
import type { Percentiles } from '../load/histogram.ts';
import { answered } from '../load/plan.ts';
import { load } from '../load/start-load.ts';
import type { Scenario } from './scenario.ts';

/** What the service adds to the engine's own time for a row, at half of what the server can do. */
const GOAL_P50_MS = 0.5;
const GOAL_P99_MS = 3;
const IN_FLIGHT = 64;

export const overhead: Scenario = (bench) =>
  bench.withVigil((server) =>
    bench.withBareEngine(bench.settings.threads, async (engine) => {
      const { rounds, measureMs } = bench.settings.pace;
      const busy = bench.plan(server, { kind: 'closed', inFlight: IN_FLIGHT });
      const { rps: capacity } = answered(await load(busy));
      const perSecond = Math.max(1, Math.round(capacity / 2));
      const whole: Percentiles[] = [];
      const bare: Percentiles[] = [];
      const late: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const report = answered(await load(bench.plan(server, { kind: 'open', perSecond })));
        whole.push(report.service);
        late.push(report.late.p99Ms);
        bare.push((await engine.ask('arrivals', { perSecond, milliseconds: measureMs })).latency);
      }
      const of = (all: readonly Percentiles[], pick: 'p50Ms' | 'p99Ms'): number =>
        median(all.map((each) => each[pick]));
      const added = (pick: 'p50Ms' | 'p99Ms', most: number) => ({
        what: `added to the bare engine, ${pick === 'p50Ms' ? 'p50' : 'p99'}`,
        found: rounded(of(whole, pick) - of(bare, pick)),
        unit: 'ms' as const,
        goal: { most },
      });
      return {
        title: 'What the service adds at half load',
        how: `${perSecond} rows a second, half of what ${IN_FLIGHT} in flight reach, at a constant rate, beside the bare engine (${engine.engine}, row by row) with the same arrivals. Counted from when a call was sent; the generator's own lateness stands below.`,
        findings: [
          { what: 'service, p50', found: rounded(of(whole, 'p50Ms')), unit: 'ms' },
          { what: 'service, p99', found: rounded(of(whole, 'p99Ms')), unit: 'ms' },
          { what: 'bare engine, p50', found: rounded(of(bare, 'p50Ms')), unit: 'ms' },
          { what: 'bare engine, p99', found: rounded(of(bare, 'p99Ms')), unit: 'ms' },
          added('p50Ms', GOAL_P50_MS),
          added('p99Ms', GOAL_P99_MS),
          { what: 'generator late, p99', found: rounded(median(late)), unit: 'ms' },
        ],
      };
    }),
  );
