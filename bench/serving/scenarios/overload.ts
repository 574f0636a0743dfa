import { rounded } from '../../machine.ts';
import type { BenchContext } from '../bench-context.ts';
import { answered, errorsOf, type LoadReport } from '../load/plan.ts';
import { load } from '../load/start-load.ts';
import { type BenchServer, isMissing } from '../servers/server.ts';
import type { Finding, Scenario } from './scenario.ts';

/** More than the server can do: what is still answered in time, and how soon the rest is refused. */
const GOAL_GOODPUT = 0.9;
const GOAL_REFUSAL_MS = 5;
const IN_FLIGHT = 64;
const FACTORS = [0.5, 1, 2, 4];
/** What callers wait for at most. */
const DEADLINE_MS = 1000;

async function offered(bench: BenchContext, server: BenchServer, ours: boolean): Promise<Finding[]> {
  const method = ours ? bench.settings.method : 'ModelInfer';
  const busy = bench.plan(server, { kind: 'closed', inFlight: IN_FLIGHT }, method);
  const { rps: peak } = answered(await load(busy));
  const findings: Finding[] = [
    { what: `${server.name}, ${IN_FLIGHT} in flight`, found: rounded(peak), unit: 'per second' },
  ];
  for (const factor of FACTORS) {
    const perSecond = Math.max(1, Math.round(factor * peak));
    const plan = bench.plan(server, { kind: 'open', perSecond }, method);
    const report: LoadReport = await load({ ...plan, timeoutMs: DEADLINE_MS });
    const what = `${server.name}, ${factor}x offered`;
    bench.settings.say(`${what} (${perSecond} a second): ${JSON.stringify(report.outcomes)}`);
    findings.push(
      {
        what: `${what}: good answers / peak`,
        found: rounded(report.rps / peak),
        unit: 'share',
        ...(ours && factor > 1 ? { goal: { least: GOAL_GOODPUT } } : {}),
      },
      { what: `${what}: p99 of good answers`, found: rounded(report.latency.p99Ms), unit: 'ms' },
      { what: `${what}: other answers`, found: errorsOf(report), unit: 'count' },
    );
    if (!ours || factor <= 1) continue;
    const { count, p99Ms } = report.refusal;
    findings.push({ what: `${what}: refused at once`, found: count, unit: 'count' });
    if (count > 0)
      findings.push({
        what: `${what}: p99 of refusals`,
        found: rounded(p99Ms),
        unit: 'ms',
        goal: { most: GOAL_REFUSAL_MS },
      });
  }
  return findings;
}

export const overload: Scenario = async (bench) => {
  const findings = await bench.withVigil((server) => offered(bench, server, true));
  for (const name of bench.settings.peers) {
    const peer = await bench.startPeer(name);
    if (isMissing(peer)) {
      bench.settings.say(`${name} takes no part: ${peer.missing}`);
      continue;
    }
    try {
      findings.push(...(await offered(bench, peer, false)));
    } finally {
      await peer.stop();
    }
  }
  return {
    title: 'Asked for more than it can do',
    how: `Calls at a constant rate, as multiples of what ${IN_FLIGHT} in flight reach, each with a deadline of ${DEADLINE_MS / 1000} s; latency counts from when a call was due, and an answer after the deadline is not a good one. Refused: RESOURCE_EXHAUSTED or UNAVAILABLE. Peers are called by ModelInfer, Vigil by ${bench.settings.method}.`,
    findings,
  };
};
