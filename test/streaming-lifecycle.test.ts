/** Streams while engines die and servers stop, and `vigil stream`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Backlog, type HopResult, WithheldReason } from '../services/gen/vigil/v1/classify_stream_pb.ts';
import { runVigil } from './support/cli.ts';
import { type ServerProcess, spawnServer } from './support/process.ts';
import { rawOf, trainToEnd } from './support/server.ts';

const directory = mkdtempSync(join(tmpdir(), 'vigil-streaming-'));
const SOURCE = 'simulated:small?rows=60&steps=16';
let server: ServerProcess;

beforeAll(async () => {
  server = await spawnServer(directory);
  const request = { dataset: SOURCE, regime: 'classifier_only', options: { epochs: 1 }, requestId: 'a' };
  const version = await trainToEnd(server, request);
  await server.models.setAlias({ alias: 'stable', version });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const durationOf = (milliseconds: number) =>
  create(DurationSchema, {
    seconds: BigInt(Math.floor(milliseconds / 1000)),
    nanos: (milliseconds % 1000) * 1e6,
  });

/** A stream that is sent a frame a hop when asked to, and answers with results. */
function openStream({ hopMs = 1000, hops = 15, abort = new AbortController() } = {}) {
  const value = {
    window: durationOf(hops * hopMs),
    hop: durationOf(hopMs),
    maxGap: durationOf(2 * hopMs),
    allowedLateness: create(DurationSchema, {}),
    backlog: Backlog.WAIT,
  };
  let more: (frames: number) => void;
  let asked = new Promise<number>((resolve) => {
    more = resolve;
  });
  async function* requests() {
    yield { message: { case: 'config' as const, value } };
    for (let hop = 0; ; ) {
      const count = await asked;
      asked = new Promise<number>((resolve) => {
        more = resolve;
      });
      const timestampsUs = Array.from({ length: count }, (_, i) => BigInt(1000 * hopMs * (hop + i)));
      const raw = rawOf(new Float32Array(18 * count));
      yield {
        message: {
          case: 'frames' as const,
          value: { timestampsUs, values: { case: 'raw' as const, value: raw } },
        },
      };
      hop += count;
    }
  }
  const responses = server.classifier.classifyStream(requests(), abort)[Symbol.asyncIterator]();
  const take = async () => (await responses.next()).value!.message.value as HopResult;
  /** Sends frames and returns the one result that they make due. */
  const ask = (frames: number): Promise<HopResult> => {
    more(frames);
    return take();
  };
  return { take, ask, abort };
}

test('kill -9 of the engine: a window waits for the next one for a hop, then it is withheld and the stream lives on', async () => {
  const ready = (role: string, not = 0) =>
    server.line(({ msg, role: found, pid }) => msg === 'engine ready' && found === role && pid !== not);
  // No process is there again within 50 ms, and one is within 20 s.
  const hasty = openStream({ hopMs: 50, hops: 15 });
  const patient = openStream({ hopMs: 20_000, hops: 3 });
  await hasty.take();
  await patient.take();
  expect((await hasty.ask(17)).modelVersion).toBe('1');
  expect((await patient.ask(5)).modelVersion).toBe('1');
  const pid = (await ready('serve')).pid as number;
  process.kill(pid, 'SIGKILL');
  await server.line(({ msg }) => msg === 'engine went away');
  const waits = patient.ask(1);
  const down = await hasty.ask(1);
  expect(down.withheld).toMatchObject({
    reason: WithheldReason.ENGINE_UNAVAILABLE,
    message: 'the engine has been away for 50 ms',
  });
  expect((await waits).modelVersion).toBe('1');
  await ready('serve', pid);
  await expect.poll(async () => (await hasty.ask(1)).modelVersion, { timeout: 20_000 }).toBe('1');
  for (const { abort } of [hasty, patient]) abort.abort();
});

test('vigil stream replays rows: a line per hop, JSON with --json, one clear line for errors', async () => {
  const address = String(server.lines.find(({ msg }) => msg === 'serving')!.grpc);
  const vigil = (...args: string[]) =>
    runVigil(directory, undefined, ['--address', `127.0.0.1:${address}`, ...args]);
  const plain = await vigil(
    'stream',
    SOURCE,
    '--rows',
    '0-2',
    '--level',
    'any=alert,slightly_drowsy:0.01:0.001',
  );
  expect(plain.stderr).toMatch(/version 1;/);
  expect(plain.code).toBe(0);
  // Three rows of 10 s: windows end at 10 s and each second until the last frame, at 31.3 s.
  expect(plain.stderr).toContain('3 rows of simulated:small?rows=60&steps=16: 22 results');
  expect(plain.stdout.split('\n')[0]).toMatch(/TIME {2}LEVEL +ALERT +SLIGHTLY_DROWSY/);
  const csv = join(directory, 'drive.csv');
  const names = Array.from({ length: 18 }, (_, i) => `c${i}`);
  const line = (i: number): string =>
    ['one', 'alert', i / 2, ...names.map((_, k) => Math.sin(i + k))].join(',');
  writeFileSync(
    csv,
    [`clip,label,time,${names.join(',')}`, ...Array.from({ length: 25 }, (_, i) => line(i))].join('\n'),
  );
  const replayed = await vigil('--json', 'stream', csv);
  const results = replayed.stdout
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each) as Record<string, unknown>);
  expect(results.map(({ windowEndUs }) => windowEndUs)).toEqual(['10000000', '11000000', '12000000']);
  expect(results[0]).toMatchObject({ modelVersion: '1', probabilities: expect.any(Array) });
  const refused = await vigil('stream', csv, '--clip', 'two');
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--clip: found "two"; allowed: one'),
  });
});

test('SIGTERM ends streams UNAVAILABLE, idle ones too', async () => {
  const stream = openStream();
  await stream.take();
  const ended = expect(stream.take()).rejects.toMatchObject({
    status: 'UNAVAILABLE',
    reason: 'SHUTTING_DOWN',
  });
  server.child.kill('SIGTERM');
  await ended;
  expect(await server.exited).toBe(0);
});
