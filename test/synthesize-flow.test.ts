/** A reader that stops stops the work; one that leaves ends it. Rows drawn are engine calls: one call a chunk. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawOf, startServer, type TestServer, trainToEnd } from './support/server.ts';

let server: TestServer;
const CHUNK = 256;
/** Far more than buffers hold: 576 MB. */
const ROWS = 500_000;

beforeAll(async () => {
  server = await startServer();
  const version = await trainToEnd(server, {
    requestId: 'joint',
    dataset: 'simulated:small?rows=60&steps=16',
    regime: 'joint_scratch',
    options: { epochs: 1, latentSize: 8 },
  });
  await server.models.setAlias({ alias: 'stable', version });
}, 120_000);

afterAll(() => server?.stop());

async function drawn(): Promise<number> {
  const metrics = await (await fetch(`${server.ops}/metrics`)).text();
  return Number(/vigil_synthesised_rows_total\{class="alert"\} (\d+)/.exec(metrics)?.[1] ?? 0);
}

/** Round trips through the same engine: each gives a stream that is not held back the time for a chunk. */
async function roundTrips(count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    await server.classifier.classify({
      samples: { shape: [18n, 16n], data: { case: 'raw', value: rawOf(new Float32Array(288)) } },
    });
}

const stream = (signal: AbortSignal) =>
  server.synthesizer
    .synthesize(
      { counts: [{ className: 'alert', rows: BigInt(ROWS) }], chunkRows: CHUNK, seed: 1n },
      { signal },
    )
    [Symbol.asyncIterator]();

/** More than the windows of HTTP/2 and the buffers of both ends hold, which is tens of chunks. */
const MUCH = 100 * CHUNK;

/** Waits until round trips change nothing: buffers are full, or nobody draws; or until far too much was drawn. */
async function settled(): Promise<number> {
  const first = await drawn();
  let before = -1;
  let now = first;
  while (now !== before && now - first < MUCH) {
    before = now;
    await roundTrips(40);
    now = await drawn();
  }
  return now;
}

test('a reader that stops holds the generator: what is drawn ahead is bounded, and more comes when it reads on', async () => {
  const leave = new AbortController();
  const reader = stream(leave.signal);
  await reader.next();
  await reader.next();
  const ahead = await settled();
  expect(ahead).toBeLessThan(MUCH);
  await roundTrips(100);
  expect(await drawn()).toBe(ahead);
  for (let read = 0; read <= ahead; read += CHUNK) await reader.next();
  expect(await drawn()).toBeGreaterThan(ahead);
  leave.abort();
  await expect(drain(reader)).rejects.toMatchObject({ status: 'CANCELLED' });
}, 60_000);

test('after a cancel at most the chunk in the engine is finished', async () => {
  const leave = new AbortController();
  const before = await settled();
  const reader = stream(leave.signal);
  for (let i = 0; i < 10; i++) await reader.next();
  leave.abort();
  await expect(drain(reader)).rejects.toMatchObject({ status: 'CANCELLED' });
  // The cancel went out before this round trip on the same connection: the server has seen it.
  await roundTrips(1);
  const atCancel = await drawn();
  expect(atCancel).toBeGreaterThan(before);
  await roundTrips(100);
  expect((await drawn()) - atCancel).toBeLessThanOrEqual(CHUNK);
}, 60_000);

async function drain(reader: AsyncIterator<unknown>): Promise<void> {
  while (!(await reader.next()).done);
}
