/** Experiments as processes that may be killed: nothing is done twice, and the files come out the same. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { ExperimentPool } from '../services/experiments/pool.ts';
import { createLogger } from '../services/observability/logger.ts';
import type { RunResult } from '../src/experiments/run-result.ts';

const MAIN = fileURLToPath(new URL('../services/cli/main.ts', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'vigil-reproduce-'));
afterAll(() => rmSync(directory, { recursive: true }));

const DATA = 'simulated:small?rows=60&steps=8';
const TINY = ['--data', DATA, '--epochs', '4', '--seeds', '1', '--set', 'latentSize=4'];
const RUNS = 6;

interface Running {
  readonly child: ChildProcess;
  /** Resolves with the first line on stderr that fits, or rejects when the process ends without one. */
  line(pattern: RegExp): Promise<string>;
  readonly ended: Promise<{ code: number | null; stderr: string; stdout: string }>;
}

function start(out: string, ...flags: string[]): Running {
  return startExperiment('table1', out, ...flags);
}

function startExperiment(name: string, out: string, ...flags: string[]): Running {
  const node = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VIGIL_')));
  const args = ['reproduce', name, '--out', join(directory, out), ...flags];
  // The cache is shared by all directories: what is compiled is the same.
  const child = spawn(process.execPath, [...node, MAIN, ...args], {
    env: { ...env, VIGIL_GRAPH_CACHE_DIR: join(directory, 'cache') },
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let stdout = '';
  child.stdout.on('data', (text) => {
    stdout += String(text);
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    for (const look of [...waiting]) look();
  });
  const ended = new Promise<{ code: number | null; stderr: string; stdout: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stderr: lines.join('\n'), stdout })),
  );
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find((each) => pattern.test(each));
        if (found !== undefined) resolve(found);
      };
      waiting.add(look);
      ended.then(() => reject(new Error(`ended without ${pattern}: ${lines.join(' | ')}`)));
      look();
    });
  return { child, line, ended };
}

const resultsIn = (out: string): Map<string, number> => {
  const runs = join(directory, out, 'runs');
  const names = readdirSync(runs).filter((name) => name.endsWith('.json'));
  return new Map(names.map((name) => [name, statSync(join(runs, name)).mtimeMs]));
};
const read = (out: string, name: string): string => readFileSync(join(directory, out, name), 'utf8');

test('killed and run again it does the rest alone, and the CSV is that of a run that was not killed', async () => {
  const whole = await start('whole', ...TINY, '--jobs', '2').ended;
  expect(whole.stderr).toContain(`${RUNS} runs, 0 of them done`);
  expect(whole.code).toBe(0);
  expect(whole.stdout).toMatch(/^Exploratory, 1 seed, which decides nothing/);

  const killed = start('parts', ...TINY, '--jobs', '1');
  await killed.line(/^2\/6/);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const before = resultsIn('parts');
  expect(before.size).toBeGreaterThanOrEqual(2);
  expect(before.size).toBeLessThan(RUNS);
  expect(existsSync(join(directory, 'parts', 'table1.csv'))).toBe(false);

  const interrupted = start('parts', ...TINY, '--jobs', '1');
  await interrupted.line(new RegExp(`^${before.size + 1}/6`));
  interrupted.child.kill('SIGINT');
  const stopped = await interrupted.ended;
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toContain('goes on from the last checkpoints');
  const between = resultsIn('parts');
  expect(between.size).toBeLessThan(RUNS);

  const last = await start('parts', ...TINY, '--jobs', '1').ended;
  expect(last.code).toBe(0);
  expect(last.stderr).toContain(`${RUNS} runs, ${between.size} of them done`);
  const after = resultsIn('parts');
  expect(after.size).toBe(RUNS);
  for (const [name, time] of before) expect(between.get(name), name).toBe(time);
  for (const [name, time] of between) expect(after.get(name), name).toBe(time);
  expect(read('parts', 'table1.csv')).toBe(read('whole', 'table1.csv'));
  const { runs } = JSON.parse(read('parts', 'runs.json')) as { runs: RunResult[] };
  expect(runs).toHaveLength(RUNS);
  for (const run of runs) {
    expect(run.classifierUpdates).toBeGreaterThan(0);
    expect(run.trainingSeconds).toBeGreaterThan(0);
    expect(run.data.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(run.bayes!.priorFree.macroAccuracy).toBeGreaterThan(0.5);
  }
  expect(read('parts', 'report.html')).toMatch(/<main>\n<h1 class="said">Exploratory, 1 seed/);

  const other = await start('parts', ...TINY.with(3, '5'), '--jobs', '1').ended;
  expect(other.code).toBe(2);
  expect(other.stderr).toContain('epochs: found 5; allowed: 4, as in the runs of');
}, 180_000);

test('an experiment with fewer seeds leaves the others of the directory theirs', async () => {
  const withSeeds = (count: string): string[] => TINY.with(5, count);
  const first = await startExperiment('architectures', 'two', ...withSeeds('2')).ended;
  expect(first.code).toBe(0);
  const table = read('two', 'architectures.csv');
  const second = await startExperiment('table1', 'two', ...withSeeds('1')).ended;
  expect(second.code).toBe(0);
  expect(read('two', 'architectures.csv')).toBe(table);
  const { runs } = JSON.parse(read('two', 'runs.json')) as { runs: RunResult[] };
  const seeds = (architecture: string): number[] =>
    runs
      .filter(({ options }) => options.classifierArchitecture === architecture)
      .map(({ seed }) => seed)
      .sort();
  // Alone and with logit adjustment.
  expect(seeds('residual')).toEqual([1, 1, 2, 2]);
  expect(seeds('statistics')).toEqual([1, 1, 2, 2]);
  expect(read('two', 'report.html')).toContain('Classifiers');
}, 120_000);

test('a process that dies is started again, and its run goes on', async () => {
  const pool = await ExperimentPool.open(1, {
    engine: 'onnxruntime',
    device: 'cpu',
    log: createLogger('silent'),
    restartDelayMs: 1,
  });
  try {
    const job = {
      id: 'mine',
      regime: 'classifier_only',
      options: { epochs: 30, seed: 1 },
      split: undefined,
      seed: 1,
      fold: null,
      dataset: DATA,
      datasetName: DATA,
      classShares: undefined,
      directory: join(directory, 'pool'),
      codeVersion: 'test',
    };
    const pids = new Set<number>();
    const results: RunResult[] = [];
    const done = await pool.run([{ call: 'experiment', job }], {
      onProgress: (_, { checkpointEpoch }) => {
        const { pid } = pool.info;
        if (pids.size === 0 && checkpointEpoch > 0) process.kill(pid, 'SIGKILL');
        if (checkpointEpoch > 0) pids.add(pid);
      },
      onFinished: async (_, outcome) => {
        if ('result' in outcome) results.push(outcome.result);
      },
    });
    expect(done).toBe(true);
    expect(pids.size).toBe(2);
    expect(results).toHaveLength(1);
    expect(results[0]!.history.map(({ epoch }) => epoch)).toEqual(
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
  } finally {
    await pool.close();
  }
}, 60_000);
