/**
 * The serving engine dies or hangs under load: calls of a version and of its canary wait for the next process within their
 * deadlines.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TrafficMode } from '../services/gen/vigil/v1/models_pb.ts';
import { type ServerProcess, spawnServer } from './support/process.ts';
import { rawOf, trainToEnd } from './support/server.ts';

const CALLERS = 16;
const samples = {
  shape: [1n, 18n, 16n],
  data: { case: 'raw' as const, value: rawOf(new Float32Array(288)) },
};

const directory = mkdtempSync(join(tmpdir(), 'vigil-test-'));
let server: ServerProcess | undefined;

beforeAll(async () => {
  server = await spawnServer(directory, { VIGIL_ENGINE_STALL_MS: '500', VIGIL_ENGINE_WAIT_MS: '10000' });
  const dataset = 'simulated:small?rows=60&steps=16';
  for (const requestId of ['1', '2'])
    await trainToEnd(server, { dataset, regime: 'classifier_only', requestId, options: { epochs: 1 } });
  const joint = { epochs: 1, latentSize: 8 };
  await trainToEnd(server, { dataset, regime: 'joint_scratch', requestId: '3', options: joint });
  await server.models.setAlias({ alias: 'stable', version: '1' });
  await server.models.setTraffic({ alias: 'stable', version: '2', mode: TrafficMode.CANARY, share: 0.5 });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

interface Load {
  answered(): number;
  /** Calls by the version that answered. */
  readonly byVersion: Map<string, number>;
  /** Failures. */
  end(): Promise<string[]>;
}

/** Callers that ask again and again; each call has ten seconds. */
function startLoad(): Load {
  const failures: string[] = [];
  const byVersion = new Map<string, number>();
  let answered = 0;
  let over = false;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!over)
      await server!.classifier.classify({ samples }, { timeoutMs: 10_000 }).then(
        ({ modelVersion }) => {
          answered += 1;
          byVersion.set(modelVersion, (byVersion.get(modelVersion) ?? 0) + 1);
        },
        (error: { status: string; message: string }) => failures.push(`${error.status}: ${error.message}`),
      );
  });
  return {
    answered: () => answered,
    byVersion,
    end: async () => {
      over = true;
      await Promise.all(callers);
      return failures;
    },
  };
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${server!.ops}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(name))
      ?.split(' ')
      .at(-1),
  );
}

const servingPids = (): number[] =>
  server!.lines
    .filter(({ msg, role }) => msg === 'engine ready' && role === 'serve')
    .map(({ pid }) => pid as number);

for (const [signal, reason] of [
  ['SIGKILL', 'exit'],
  ['SIGSTOP', 'hang'],
] as const)
  test(`${signal} of the serving engine under load fails no call`, async () => {
    const load = startLoad();
    await expect.poll(() => load.answered(), { timeout: 5000 }).toBeGreaterThan(10 * CALLERS);
    const pids = servingPids();
    process.kill(pids.at(-1)!, signal);
    await expect.poll(servingPids, { timeout: 15_000 }).toHaveLength(pids.length + 1);
    // More answers than calls that can have been under way at the time: the new process serves.
    const then = load.answered();
    const canary = load.byVersion.get('2')!;
    await expect.poll(() => load.answered() - then, { timeout: 15_000 }).toBeGreaterThan(4 * CALLERS);
    // The new process has the canary's version too.
    await expect.poll(() => load.byVersion.get('2')! - canary, { timeout: 15_000 }).toBeGreaterThan(CALLERS);
    expect(await load.end()).toEqual([]);
    expect(await metric(`vigil_engine_restarts_total{role="serve",reason="${reason}"}`)).toBe(1);
    expect(await metric('vigil_inference_pending_rows')).toBe(0);
    // A process that hangs is found by the batch that it does not answer: that one ran again.
    if (reason === 'hang') expect(await metric('vigil_inference_retried_total')).toBeGreaterThan(0);
    // Ready is a process that has what every alias points at.
    await expect.poll(async () => (await server!.health.check({})).status, { timeout: 15_000 }).toBe(1);
  }, 40_000);

/** Rows' hash of a Synthesize call, during whose second chunk `during` runs. */
async function synthesised(during: () => void): Promise<string> {
  const counts = [{ className: 'alert', rows: 4096n }];
  let chunks = 0;
  let hash = '';
  for await (const { event } of server!.synthesizer.synthesize({
    model: '3',
    seed: 5n,
    chunkRows: 32,
    counts,
  })) {
    if (event.case === 'chunk' && ++chunks === 2) during();
    if (event.case === 'summary') hash = event.value.sha256;
  }
  expect(chunks).toBe(128);
  return hash;
}

test('a Synthesize call goes on in the next process with the rows it would have had', async () => {
  const expected = await synthesised(() => {});
  const pids = servingPids();
  expect(await synthesised(() => process.kill(pids.at(-1)!, 'SIGKILL'))).toBe(expected);
  expect(servingPids()).toHaveLength(pids.length + 1);
}, 40_000);
