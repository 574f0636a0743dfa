import { readFile } from 'node:fs/promises';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { remark, write, writeTable } from '../../services/cli/print.ts';
import { RESULTS } from '../page/results.ts';
import type { RateRow } from './rates.ts';
import { METHOD_NAMES, type MethodName } from './requests.ts';
import { isMet, SCENARIO_NAMES, type ScenarioName } from './scenarios/scenario.ts';
import { PEERS, type PeerName, SERVERS, type ServerName } from './servers/server.ts';
import { benchServing, mergeServing, type ServingResult } from './serving.ts';

interface ServingFlags {
  readonly json: string;
  readonly only?: ServerName[];
  readonly peers: PeerName[];
  readonly rates: boolean;
  readonly scenarios: ScenarioName[];
  readonly calls: number;
  readonly methods: MethodName[];
  readonly inFlight: number[];
  readonly seconds: number;
  readonly warmUp: number;
  readonly rounds: number;
  readonly threads: number;
  readonly install: boolean;
  readonly cache: string;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Allowed: a positive number.');
  return value;
}

function count(text: string): number {
  const value = positive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('Allowed: a positive integer.');
  return value;
}

const listOf =
  <T extends string>(allowed: readonly T[]) =>
  (text: string): T[] =>
    text.split(',').map((each) => {
      const found = allowed.find((name) => name === each);
      if (!found) throw new InvalidArgumentError(`Allowed: ${allowed.join(', ')}.`);
      return found;
    });

const FILE = join(RESULTS, 'serving.json');
const peers = (text: string): PeerName[] => (text === 'none' ? [] : listOf(PEERS)(text));

function printRates(rows: readonly RateRow[]): void {
  if (rows.length === 0) return;
  writeTable(
    ['server', 'method', 'in flight', 'a second', 'p50 ms', 'p99 ms', 'errors', 'load cpu'],
    rows.map((row) => [
      row.server,
      row.method,
      String(row.inFlight),
      row.rps.toFixed(0),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      String(row.errors),
      row.loadCpuShare.toFixed(2),
    ]),
  );
}

function printScenarios(scenarios: ServingResult['scenarios']): void {
  for (const { title, findings } of Object.values(scenarios ?? {})) {
    write(title);
    writeTable(
      ['found', 'value', 'unit', 'goal', 'verdict'],
      findings.map((finding) => {
        const met = isMet(finding);
        const goal = finding.goal ? JSON.stringify(finding.goal).replace(/[{}"]/g, '') : '';
        const verdict = met === undefined ? '' : met ? 'met' : 'NOT met';
        return [finding.what, String(finding.found), finding.unit, goal, verdict];
      }),
    );
  }
}

async function keptBefore(file: string): Promise<ServingResult | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ServingResult;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** `bench serving`; `keep` writes a result, `asTyped` is the command line. */
export function addServing(
  program: Command,
  keep: (file: string, result: object) => Promise<void>,
  asTyped: () => string,
): void {
  const cache = join(homedir(), '.cache', 'vigil-bench');
  const scenarios = (text: string): ScenarioName[] =>
    text === 'all' ? [...SCENARIO_NAMES] : listOf(SCENARIO_NAMES)(text);
  program
    .command('serving')
    .description('requests a second and latency of the server, beside a no-op and other model servers')
    .option('--json <file>', 'where the figures go; what is not measured anew stays', FILE)
    .option('--only <list>', 'who takes part in the rates', listOf(SERVERS))
    .option('--peers <list>', `other servers, of ${PEERS.join(', ')}; none for nobody`, peers, [...PEERS])
    .option('--no-rates', 'scenarios alone')
    .option('--scenarios <list>', `what else: all, or of ${SCENARIO_NAMES.join(', ')}`, scenarios, [])
    .option('--methods <list>', 'what is called; scenarios call the first', listOf(METHOD_NAMES), [
      ...METHOD_NAMES,
    ])
    .option('--in-flight <list>', 'calls under way', (text) => text.split(',').map(count), [1, 16, 64])
    .option('--seconds <count>', 'of one measurement', positive, 6)
    .option('--warm-up <seconds>', 'before each measurement', positive, 1)
    .option('--rounds <count>', 'rounds in which everybody takes turns', count, 3)
    .option('--calls <count>', 'calls of the scenario memory', count, 1_000_000)
    .option('--threads <count>', 'threads of every engine', count, Math.min(2, availableParallelism()))
    .option('--no-install', 'do not install peers that are not there yet')
    .option('--cache <directory>', 'where peers are installed', cache)
    .action(async (flags: ServingFlags) => {
      const { methods, inFlight, seconds, warmUp, rounds, threads, calls } = flags;
      const everybody: ServerName[] = flags.only ?? ['vigil', 'noop', ...flags.peers];
      const { result, failed } = await benchServing({
        servers: flags.rates ? everybody : [],
        peers: flags.only ? PEERS.filter((peer) => everybody.includes(peer)) : flags.peers,
        methods,
        method: methods[0]!,
        inFlight,
        threads,
        scenarios: flags.scenarios,
        memoryCalls: calls,
        pace: { warmUpMs: 1000 * warmUp, measureMs: 1000 * seconds, rounds },
        peerPlace: { cache: flags.cache, install: flags.install },
        command: asTyped(),
        say: remark,
      });
      printRates(result.rows ?? []);
      printScenarios(result.scenarios);
      await keep(flags.json, mergeServing(await keptBefore(flags.json), result));
      if (failed.length > 0) process.exitCode = 1;
    });
}
