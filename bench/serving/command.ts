import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { remark, writeTable } from '../../services/cli/print.ts';
import { RESULTS } from '../page/results.ts';
import type { RateRow } from './rates.ts';
import { METHOD_NAMES, type MethodName } from './requests.ts';
import { SERVERS, type ServerName } from './servers/server.ts';
import { benchServing } from './serving.ts';

interface ServingFlags {
  readonly json: string;
  readonly only: ServerName[];
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

function printRates(rows: readonly RateRow[]): void {
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

/** `bench serving`; `keep` writes a result, `asTyped` is the command line. */
export function addServing(
  program: Command,
  keep: (file: string, result: object) => Promise<void>,
  asTyped: () => string,
): void {
  program
    .command('serving')
    .description('requests a second and latency of a built server, beside a no-op and other model servers')
    .option('--json <file>', 'where the rows go', join(RESULTS, 'serving.json'))
    .option('--only <list>', 'who takes part', listOf(SERVERS), [...SERVERS])
    .option('--methods <list>', 'what is called', listOf(METHOD_NAMES), [...METHOD_NAMES])
    .option('--in-flight <list>', 'calls under way', (text) => text.split(',').map(count), [1, 16, 64])
    .option('--seconds <count>', 'of one measurement', positive, 6)
    .option('--warm-up <seconds>', 'before each measurement', positive, 1)
    .option('--rounds <count>', 'rounds in which everybody takes turns', count, 3)
    .option('--threads <count>', 'threads of every engine', count, Math.min(2, availableParallelism()))
    .option('--no-install', 'do not install peers that are not there yet')
    .option('--cache <directory>', 'where peers are installed', join(homedir(), '.cache', 'vigil-bench'))
    .action(async (flags: ServingFlags) => {
      const { only, methods, inFlight, seconds, warmUp, rounds, threads } = flags;
      const result = await benchServing({
        servers: only,
        methods,
        inFlight,
        threads,
        cache: flags.cache,
        install: flags.install,
        pace: { warmUpMs: 1000 * warmUp, measureMs: 1000 * seconds, rounds },
        command: asTyped(),
        say: remark,
      });
      printRates(result.rows);
      await keep(flags.json, result);
    });
}
