/** `bench serving`: the rates of everybody side by side, and the scenarios asked for. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Closer } from '../../src/closing.ts';
import { type Provenance, provenance } from '../machine.ts';
import { BenchContext, type BenchSettings } from './bench-context.ts';
import { prepareModel } from './bundle.ts';
import { type Ceiling, measureCeiling } from './ceiling.ts';
import type { Pace } from './pace.ts';
import { measureRates, type RateRow } from './rates.ts';
import type { MethodName } from './requests.ts';
import type { ScenarioName, ScenarioResult } from './scenarios/scenario.ts';
import { SCENARIOS } from './scenarios/table.ts';
import type { ServerName } from './servers/server.ts';
import { type Missing, startServers } from './start-servers.ts';

export interface RatesResult extends Provenance {
  /** Of every engine. */
  readonly threads: number;
  readonly pace: Pace;
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: readonly Missing[];
  /** Of the load generator; undefined when there was no no-op to ask. */
  readonly ceiling: Ceiling | undefined;
}

/** What bench/results/serving.json holds; a run replaces what it measured and leaves the rest. */
export interface ServingResult {
  readonly benchmark: 'serving';
  readonly rates?: RatesResult;
  readonly rows?: readonly RateRow[];
  readonly scenarios?: Readonly<Partial<Record<ScenarioName, ScenarioResult>>>;
}

export interface ServingSettings extends BenchSettings {
  /** Nobody: no rates. */
  readonly servers: readonly ServerName[];
  readonly methods: readonly MethodName[];
  readonly inFlight: readonly number[];
  readonly scenarios: readonly ScenarioName[];
  readonly command: string;
}

async function rates(
  bench: BenchContext,
  settings: ServingSettings,
): Promise<Pick<ServingResult, 'rates' | 'rows'>> {
  const { threads, pace, say, command, methods, inFlight } = settings;
  const began = provenance(command);
  const closer = new Closer((step, error) => say(`${step} did not end: ${(error as Error).message}`));
  try {
    const { servers, missing, answering } = await startServers(bench, settings.servers, methods, closer);
    const rows: RateRow[] = [];
    for (const method of methods)
      rows.push(...(await measureRates({ bench, servers: answering(method), method, inFlight })));
    const noop = servers.find(({ name }) => name === 'noop');
    const ceiling = noop && (await measureCeiling(bench, noop));
    const versions = Object.fromEntries(servers.map(({ name, version }) => [name, version]));
    return { rates: { ...began, threads, pace, versions, missing, ceiling }, rows };
  } finally {
    await closer.close();
  }
}

/** What was measured, and the scenarios that could not be. */
export async function benchServing(
  settings: ServingSettings,
): Promise<{ result: ServingResult; failed: readonly ScenarioName[] }> {
  const { say, command } = settings;
  const directory = await mkdtemp(join(tmpdir(), 'vigil-serving-'));
  try {
    const bench = new BenchContext(settings, await prepareModel(directory, say), directory);
    const measured = settings.servers.length > 0 ? await rates(bench, settings) : {};
    const scenarios: Partial<Record<ScenarioName, ScenarioResult>> = {};
    const failed: ScenarioName[] = [];
    for (const name of settings.scenarios) {
      say(`scenario ${name}`);
      const began = provenance(command);
      try {
        scenarios[name] = { ...began, ...(await SCENARIOS[name](bench)) };
      } catch (error) {
        // The others are measured all the same; what was kept of this one before stays, with its own date.
        say(`scenario ${name} failed: ${(error as Error).message}`);
        failed.push(name);
      }
    }
    return { result: { benchmark: 'serving', ...measured, scenarios }, failed };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What was kept before, with what is new in its place. */
export function mergeServing(before: ServingResult | undefined, now: ServingResult): ServingResult {
  return { ...before, ...now, scenarios: { ...before?.scenarios, ...now.scenarios } };
}
