import { median, rounded } from '../../machine.ts';
import { answered } from '../load/plan.ts';
import { load } from '../load/start-load.ts';
import type { Scenario } from './scenario.ts';

/** The whole server's rows a second beside those of its engine alone; both with one engine thread. */
const GOAL = 0.85;
const IN_FLIGHT = 64;
const ROWS = [1, 16, 32, 64];

export const whole: Scenario = (bench) =>
  bench.withVigil(
    (server) =>
      bench.withBareEngine(1, async (engine) => {
        const { rounds, measureMs } = bench.settings.pace;
        const ours: number[] = [];
        const bare = ROWS.map((): number[] => []);
        for (let round = 0; round < rounds; round++) {
          ours.push(answered(await load(bench.plan(server, { kind: 'closed', inFlight: IN_FLIGHT }))).rps);
          const request = { rows: ROWS, milliseconds: measureMs / ROWS.length };
          const { rowsPerSecond } = await engine.ask('rates', request);
          rowsPerSecond.forEach((rate, at) => {
            bare[at]!.push(rate);
          });
        }
        const best = Math.max(...bare.map(median));
        return {
          title: 'The whole beside its engine',
          how: `${IN_FLIGHT} in flight, one row each, beside the bare engine (${engine.engine}) that runs batches one after the other in a process of its own; one engine thread each.`,
          findings: [
            { what: 'rows through the server', found: rounded(median(ours)), unit: 'per second' },
            ...ROWS.map((rows, at) => ({
              what: `rows of the bare engine in batches of ${rows}`,
              found: rounded(median(bare[at]!)),
              unit: 'per second' as const,
            })),
            {
              what: "whole / the engine's best",
              found: rounded(median(ours) / best),
              unit: 'share',
              goal: { least: GOAL },
            },
          ],
        };
      }),
    { VIGIL_ENGINE_THREADS: '1' },
  );
