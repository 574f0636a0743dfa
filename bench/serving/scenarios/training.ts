import { setTimeout as sleep } from 'node:timers/promises';
import { withClients } from '../../../services/cli/session.ts';
import { RunState } from '../../../services/gen/vigil/v1/train_pb.ts';
import { rounded } from '../../machine.ts';
import { answered, errorsOf } from '../load/plan.ts';
import { load } from '../load/start-load.ts';
import type { Scenario } from './scenario.ts';

/** A training beside serving: who classifies does not notice, and readiness never flaps. */
const GOAL_P99 = 2;
const IN_FLIGHT = 16;
const ASK_MS = 50;
/** Longer than any measurement: it is cancelled. */
const RUN = { dataset: 'simulated:paper', regime: 'joint_scratch', options: { epochs: 1000 } };

interface Readiness {
  asked: number;
  notReady: number;
}

async function watchReadiness(ops: string, stop: AbortSignal): Promise<Readiness> {
  const seen = { asked: 0, notReady: 0 };
  while (!stop.aborted) {
    const ready = await fetch(`${ops}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    seen.asked += 1;
    if (!ready) seen.notReady += 1;
    await sleep(ASK_MS);
  }
  return seen;
}

export const training: Scenario = (bench) =>
  bench.withVigil((server) =>
    withClients(server.address, async (clients) => {
      const plan = bench.plan(server, { kind: 'closed', inFlight: IN_FLIGHT });
      const steady = answered(await load(plan));
      const { name } = await clients.training.train({ requestId: 'bench-meanwhile', ...RUN });
      const run = name.replace('operations/', 'runs/');
      for await (const { progress, error, state } of clients.training.watchTraining({ name: run })) {
        if (state === RunState.FAILED) throw new Error(`the training failed: ${error?.message}`);
        if (Number(progress?.step ?? 0) > 0) break;
      }
      const stop = new AbortController();
      const watching = watchReadiness(server.ops, stop.signal);
      const report = answered(await load(plan).finally(() => stop.abort()));
      const readiness = await watching;
      const state = (await clients.training.getRun({ name: run })).run?.state ?? RunState.UNSPECIFIED;
      if (state !== RunState.RUNNING) throw new Error(`the training was over meanwhile: ${RunState[state]}`);
      await clients.operations.cancelOperation({ name });
      const ratio = report.latency.p99Ms / steady.latency.p99Ms;
      return {
        title: 'While a training runs',
        how: `${IN_FLIGHT} in flight, first alone, then while \`${RUN.regime}\` trains on \`${RUN.dataset}\` in its own process; /readyz is asked every ${ASK_MS} ms.`,
        findings: [
          { what: 'a second, alone', found: rounded(steady.rps), unit: 'per second' },
          { what: 'a second, training', found: rounded(report.rps), unit: 'per second' },
          { what: 'errors', found: errorsOf(report), unit: 'count', goal: { most: 0 } },
          { what: 'p99, alone', found: rounded(steady.latency.p99Ms), unit: 'ms' },
          { what: 'p99, training', found: rounded(report.latency.p99Ms), unit: 'ms' },
          { what: 'p99, training / alone', found: rounded(ratio), unit: 'times', goal: { most: GOAL_P99 } },
          { what: 'readiness asked for', found: readiness.asked, unit: 'count' },
          { what: 'not ready', found: readiness.notReady, unit: 'count', goal: { most: 0 } },
        ],
      };
    }),
  );
