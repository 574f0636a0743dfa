/** Requests a second and their latency at several numbers in flight, every server in turn in every round. */
import { median, rounded } from '../machine.ts';
import type { BenchContext } from './bench-context.ts';
import { errorsOf, type LoadReport } from './load/plan.ts';
import { load } from './load/start-load.ts';
import type { MethodName } from './requests.ts';
import type { BenchServer, ServerName } from './servers/server.ts';

/** One line of the results: medians over the rounds, `errors` their sum. */
export interface RateRow {
  readonly server: ServerName;
  readonly method: MethodName;
  readonly inFlight: number;
  /** Good answers a second. */
  readonly rps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly errors: number;
  /** Processor time of the load generator beside the wall's: near 1, it is the limit. */
  readonly loadCpuShare: number;
  /** Calls that did not end well, by how they ended. */
  readonly outcomes?: Readonly<Record<string, number>>;
}

export interface RatePlan {
  readonly bench: BenchContext;
  readonly servers: readonly BenchServer[];
  readonly method: MethodName;
  readonly inFlight: readonly number[];
}

/** Peers speak the open protocol alone. */
export const speaks = ({ name }: BenchServer, method: MethodName): boolean =>
  method === 'ModelInfer' || name === 'vigil' || name === 'noop';

function merged(reports: readonly LoadReport[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { outcomes } of reports)
    for (const [outcome, count] of Object.entries(outcomes))
      if (outcome !== '0') sum[outcome] = (sum[outcome] ?? 0) + count;
  return sum;
}

function rowOf(server: ServerName, method: MethodName, inFlight: number, reports: LoadReport[]): RateRow {
  const middle = (pick: (report: LoadReport) => number): number => rounded(median(reports.map(pick)));
  const errors = reports.reduce((sum, report) => sum + errorsOf(report), 0);
  return {
    server,
    method,
    inFlight,
    rps: middle(({ rps }) => rps),
    p50Ms: middle(({ latency }) => latency.p50Ms),
    p99Ms: middle(({ latency }) => latency.p99Ms),
    p999Ms: middle(({ latency }) => latency.p999Ms),
    errors,
    loadCpuShare: middle(({ cpuShare }) => cpuShare),
    ...(errors === 0 ? {} : { outcomes: merged(reports) }),
  };
}

export async function measureRates({ bench, servers, method, inFlight }: RatePlan): Promise<RateRow[]> {
  const { pace, say } = bench.settings;
  const jobs = inFlight.flatMap((count) =>
    servers.map((server) => ({ count, server, reports: [] as LoadReport[] })),
  );
  for (let round = 0; round < pace.rounds; round++) {
    for (const { count, server, reports } of jobs) {
      reports.push(await load(bench.plan(server, { kind: 'closed', inFlight: count }, method)));
      const { rps, latency } = reports.at(-1)!;
      const speed = `${rps.toFixed(0)} a second, p50 ${latency.p50Ms.toFixed(2)}, p99 ${latency.p99Ms.toFixed(2)} ms`;
      say(`${server.name} ${method}, ${count} in flight: ${speed}, ${errorsOf(reports.at(-1)!)} errors`);
    }
  }
  return jobs.map(({ server, count, reports }) => rowOf(server.name, method, count, reports));
}
