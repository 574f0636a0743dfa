import { startLoad } from '../load/start-load.ts';
import type { Scenario } from './scenario.ts';

/** The server is told to stop under load: what it took it answers, and what it does not take it says so. */
const IN_FLIGHT = 64;
/** Ends that leave a caller not knowing. */
const LOST = ['lost', 'reset', 'malformed', 'unanswered'];
/** UNAVAILABLE: a refusal in words. */
const REFUSED = ['refused', '14'];

export const sigterm: Scenario = (bench) =>
  bench.withVigil(async (server) => {
    const running = startLoad(bench.plan(server, { kind: 'closed', inFlight: IN_FLIGHT }));
    await running.measuring;
    const began = performance.now();
    await server.stop();
    const stopMs = performance.now() - began;
    const { outcomes } = await running.report;
    const sum = (names: readonly string[]): number =>
      names.reduce((total, each) => total + (outcomes[each] ?? 0), 0);
    const others = Object.keys(outcomes).filter((each) => ![...LOST, ...REFUSED, '0'].includes(each));
    return {
      title: 'SIGTERM under load',
      how: `${IN_FLIGHT} in flight when the server gets SIGTERM; callers go on until it is gone. Refused: UNAVAILABLE, or never taken, as HTTP/2 tells (GOAWAY, REFUSED_STREAM), which clients send elsewhere by themselves.`,
      findings: [
        {
          what: 'answered after the measurement began',
          found: outcomes['0'] ?? 0,
          unit: 'count',
          goal: { least: 1 },
        },
        { what: 'refused', found: sum(REFUSED), unit: 'count' },
        { what: 'accepted and lost', found: sum(LOST), unit: 'count', goal: { most: 0 } },
        { what: 'ended otherwise', found: sum(others), unit: 'count', goal: { most: 0 } },
        { what: 'until it was gone', found: Math.round(stopMs), unit: 'ms' },
      ],
    };
  });
