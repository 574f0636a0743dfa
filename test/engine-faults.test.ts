/** The serving engine dies or hangs under load: calls wait for the next process within their deadlines. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
  await trainToEnd(server, { dataset, regime: 'classifier_only', requestId: '1', options: { epochs: 1 } });
  await server.models.setAlias({ alias: 'stable', version: '1' });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true });
});

/** Callers that ask again and again; each call has ten seconds. */
function startLoad(): { answered(): number; end(): Promise<string[]> } {
  const failures: string[] = [];
  let answered = 0;
  let over = false;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!over)
      await server!.classifier.classify({ samples }, { timeoutMs: 10_000 }).then(
        () => {
          answered += 1;
        },
        (error: { status: string; message: string }) => failures.push(`${error.status}: ${error.message}`),
      );
  });
  return {
    answered: () => answered,
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
    await expect.poll(() => load.answered() - then, { timeout: 15_000 }).toBeGreaterThan(4 * CALLERS);
    expect(await load.end()).toEqual([]);
    expect(await metric(`vigil_engine_restarts_total{role="serve",reason="${reason}"}`)).toBe(1);
    expect(await metric('vigil_inference_pending_rows')).toBe(0);
    // A process that hangs is found by the batch that it does not answer: that one ran again.
    if (reason === 'hang') expect(await metric('vigil_inference_retried_total')).toBeGreaterThan(0);
    expect((await server!.health.check({})).status).toBe(1);
  }, 40_000);
