import { setTimeout as sleep } from 'node:timers/promises';
import { withClients } from '../../../services/cli/session.ts';
import { rounded } from '../../machine.ts';
import { answered, errorsOf } from '../load/plan.ts';
import { load, startLoad } from '../load/start-load.ts';
import type { Scenario } from './scenario.ts';

/** `stable` moves between two versions under load: nobody gets an error, and few wait longer. */
const GOAL_P99 = 2;
const IN_FLIGHT = 16;
const PAUSE_MS = 200;

/** Moves until told to stop; returns how often. */
async function swapping(address: string, stop: AbortSignal): Promise<number> {
  return withClients(address, async ({ models }) => {
    let moves = 0;
    for (; !stop.aborted; moves++) {
      const version = moves % 2 === 0 ? '2' : '1';
      await models.setAlias({ alias: 'stable', version, force: true, reason: 'swap under load' });
      await sleep(PAUSE_MS);
    }
    await models.setAlias({ alias: 'stable', version: '1', force: true, reason: 'swap under load' });
    return moves;
  });
}

export const swap: Scenario = (bench) =>
  bench.withVigil(
    async (server) => {
      const plan = bench.plan(server, { kind: 'closed', inFlight: IN_FLIGHT });
      const steady = answered(await load(plan));
      const running = startLoad(plan);
      await running.measuring;
      const stop = new AbortController();
      const moving = swapping(server.address, stop.signal);
      const report = answered(await running.report.finally(() => stop.abort()));
      const moves = await moving;
      const ratio = report.latency.p99Ms / steady.latency.p99Ms;
      return {
        title: 'Versions swapped under load',
        how: `${IN_FLIGHT} in flight while \`stable\` moves to the other version every ${PAUSE_MS} ms, gate and load included; steady is the same load just before.`,
        findings: [
          { what: 'moves', found: moves, unit: 'count', goal: { least: 2 } },
          { what: 'errors', found: errorsOf(report), unit: 'count', goal: { most: 0 } },
          { what: 'p99, steady', found: rounded(steady.latency.p99Ms), unit: 'ms' },
          { what: 'p99, swapping', found: rounded(report.latency.p99Ms), unit: 'ms' },
          { what: 'p99, swapping / steady', found: rounded(ratio), unit: 'times', goal: { most: GOAL_P99 } },
        ],
      };
    },
    // A version without an alias is unloaded, so that every move loads one.
    { VIGIL_MAX_RESIDENT_MODELS: '1' },
  );
