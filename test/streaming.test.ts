/** ClassifyStream over a real socket: windows, smoothing, levels, what is withheld, refused and bounded. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Backlog, type HopResult, WithheldReason } from '../services/gen/vigil/v1/classify_stream_pb.ts';
import { rawOf, startServer, type TestServer, trainToEnd } from './support/server.ts';
import {
  CHANNELS,
  collect,
  config,
  drawn,
  durationOf,
  frames,
  next,
  outbox,
  type Request,
  SECOND,
  STEPS,
  seconds,
} from './support/streams.ts';
import { expectTold } from './support/told.ts';

const TEST_TIMEOUT_MS = 120_000;
let server: TestServer;
let versions: string[];

beforeAll(async () => {
  server = await startServer({ VIGIL_MAX_STREAMS: '3' });
  const small = { dataset: 'simulated:small?rows=60&steps=16', regime: 'classifier_only' };
  versions = [];
  for (const requestId of ['1', '2'])
    versions.push(
      await trainToEnd(server, { ...small, requestId, options: { epochs: 1, seed: BigInt(requestId) } }),
    );
  const other = { ...small, dataset: 'simulated:small?rows=60&steps=24' };
  versions.push(await trainToEnd(server, { ...other, requestId: '3', options: { epochs: 1 } }));
  await server.models.setAlias({ alias: 'stable', version: versions[0]! });
}, TEST_TIMEOUT_MS);

afterAll(() => server?.stop());

const run = (...requests: Request[]) => collect(server.classifier.classifyStream(requests));

const metric = async (line: string): Promise<number> => {
  const body = await (await fetch(`${server.ops}/metrics`)).text();
  return Number(
    body
      .split('\n')
      .find((each) => each.startsWith(`${line} `))
      ?.slice(line.length) ?? 0,
  );
};

describe('windows', () => {
  test('each is what Classify says of the same samples; smoothing is over hops', async () => {
    const values = drawn(18);
    const before = await metric('vigil_stream_hops_total{outcome="answered"}');
    const { ready, results } = await run(config(), frames(seconds(0, 18), values));
    expect(ready).toMatchObject({ modelVersion: versions[0], steps: STEPS });
    expect(ready.channelNames).toHaveLength(CHANNELS);
    expect(results.map(({ windowEndUs }) => Number(windowEndUs) / SECOND)).toEqual([15, 16, 17]);
    let smoothed: number[] | undefined;
    for (const [hop, result] of results.entries()) {
      const sample = Float32Array.from({ length: CHANNELS * STEPS }, (_, i) => {
        const [channel, step] = [Math.floor(i / STEPS), i % STEPS];
        return values[(hop + step) * CHANNELS + channel]!;
      });
      const { predictions } = await server.classifier.classify({
        samples: { shape: [18n, 16n], data: { case: 'raw', value: rawOf(sample) } },
      });
      const wanted = predictions[0]!.probabilities.map(({ probability }) => probability);
      result.probabilities.forEach((p, k) => {
        expect(p).toBeCloseTo(wanted[k]!, 5);
      });
      smoothed = result.probabilities.map((p, k) => (smoothed ? (smoothed[k]! + p) / 2 : p));
      result.smoothed.forEach((p, k) => {
        expect(p).toBeCloseTo(smoothed![k]!, 5);
      });
      expect(result).toMatchObject({
        modelVersion: versions[0],
        coverage: 1,
        interpolatedValues: 0,
        skippedHops: 0n,
      });
    }
    expect(await metric('vigil_stream_hops_total{outcome="answered"}')).toBe(before + 3);
  });

  test('the cut into messages changes nothing', async () => {
    const values = drawn(40);
    const times = seconds(3, 40);
    const cut = (size: number): Request[] =>
      Array.from({ length: Math.ceil(40 / size) }, (_, i) =>
        frames(
          times.slice(i * size, (i + 1) * size),
          values.subarray(i * size * CHANNELS, (i + 1) * size * CHANNELS),
        ),
      );
    const [whole, single] = [await run(config(), ...cut(40)), await run(config(), ...cut(1))];
    expect(whole.results).toHaveLength(25);
    const plain = ({ frames: _, ...result }: HopResult) => result;
    expect(single.results.map(plain)).toEqual(whole.results.map(plain));
  });

  test('defaults are told in the first answer', async () => {
    const { ready } = await run({ message: { case: 'config', value: {} } });
    expect(ready.config).toMatchObject({
      model: 'stable',
      window: { seconds: 10n },
      hop: { seconds: 1n },
      allowedLateness: { nanos: 200_000_000 },
      maxGap: { nanos: 500_000_000 },
      smoothingHalfLifeHops: 3,
      backlog: Backlog.NEWEST,
    });
  });

  test('a level is entered when its score is reached, and told once as a change', async () => {
    const { ready } = await run(config());
    // All classes together: the score is 1.
    const levels = [{ name: 'watched', classNames: ready.classNames, enter: 0.9, leave: 0.5 }];
    const { results } = await run(config({ levels, lowestLevel: 'calm' }), frames(seconds(0, 17), drawn(17)));
    expect(results.map(({ level, levelChanged }) => [level, levelChanged])).toEqual([
      ['watched', true],
      ['watched', false],
    ]);
  });

  test('gaps and jumps are results without an answer, and say why', async () => {
    const holes = drawn(20);
    for (let frame = 16; frame < 19; frame++) holes[frame * CHANNELS + 4] = Number.NaN;
    const { ready, results } = await run(
      config({ maxGap: durationOf(1) }),
      frames(seconds(0, 20), holes),
      frames(seconds(1000, 1), drawn(1)),
      frames(seconds(5, 1), drawn(1)),
    );
    expect(results.map(({ withheld }) => withheld?.reason)).toEqual([
      undefined,
      undefined,
      WithheldReason.MISSING_DATA,
      WithheldReason.MISSING_DATA,
      WithheldReason.MISSING_DATA,
      WithheldReason.CLOCK_FORWARD,
      WithheldReason.CLOCK_BACK,
    ]);
    expect(results[3]).toMatchObject({ modelVersion: '', probabilities: [], smoothed: [] });
    expect(results[4]!.withheld!.message).toContain(
      `channel 4 (${ready.channelNames[4]}) has a gap of 4.000 s`,
    );
    expect(results[5]!.withheld!.message).toContain('forward by 981.000 s, more than a window (15.000 s)');
  });

  test('late and repeated frames are counted', async () => {
    const { results } = await run(
      config({ allowedLateness: durationOf(1) }),
      frames([...seconds(0, 10), ...seconds(4, 1), ...seconds(9, 8)], drawn(19)),
    );
    expect(results.at(-1)!.frames).toMatchObject({ accepted: 18n, late: 1n, duplicate: 1n });
    expect(await metric('vigil_stream_frames_total{outcome="late"}')).toBeGreaterThanOrEqual(1);
  });

  test('BACKLOG_NEWEST: what comes at once beyond the bound is skipped and counted, the newest is answered', async () => {
    const newest = config({ backlog: Backlog.NEWEST });
    const { results } = await run(newest, frames(seconds(0, 316), drawn(316)));
    const last = results.at(-1)!;
    expect(Number(last.windowEndUs)).toBe(315 * SECOND);
    expect(last.skippedHops).toBeGreaterThan(0n);
    expect(results.length + Number(last.skippedHops)).toBe(301);
  });
});

describe('a stream lives on', () => {
  test('a move of the alias is seen at the next hop; another shape ends the stream', async () => {
    const { requests, send } = outbox();
    const stream = server.classifier.classifyStream(requests)[Symbol.asyncIterator]();
    send(config());
    expect(await next(stream)).toMatchObject({ modelVersion: versions[0] });
    // The last frame of each message makes the one before it final.
    send(frames(seconds(0, 17), drawn(17)));
    expect(await next(stream)).toMatchObject({ modelVersion: versions[0] });
    await server.models.setAlias({ alias: 'stable', version: versions[1]!, force: true, reason: 'a test' });
    send(frames(seconds(17, 1), drawn(1)));
    expect(await next(stream)).toMatchObject({ modelVersion: versions[1] });
    await server.models.setAlias({ alias: 'stable', version: versions[2]!, force: true, reason: 'a test' });
    send(frames(seconds(18, 1), drawn(1)));
    await expect(stream.next()).rejects.toMatchObject({
      status: 'FAILED_PRECONDITION',
      reason: 'MODEL_INCOMPATIBLE',
      message: expect.stringContaining('open a new one'),
    });
    await server.models.setAlias({ alias: 'stable', version: versions[0]! });
  });

  test('beyond VIGIL_MAX_STREAMS a stream is refused; one that is cancelled makes room', async () => {
    const open = async () => {
      const { requests, send } = outbox();
      const abort = new AbortController();
      const stream = server.classifier.classifyStream(requests, abort)[Symbol.asyncIterator]();
      send(config());
      await next(stream);
      return { stream, abort };
    };
    const opened = [await open(), await open(), await open()];
    expect(await metric('vigil_streams_open')).toBe(3);
    await expectTold(server.classifier.classifyStream([config()]), [
      'RESOURCE_EXHAUSTED',
      'TOO_MANY_STREAMS',
      '',
      /3 streams are open; at most 3 may be/,
    ]);
    opened[0]!.abort.abort();
    await expect(opened[0]!.stream.next()).rejects.toMatchObject({ status: 'CANCELLED' });
    await expect.poll(() => metric('vigil_streams_open')).toBe(2);
    expect((await run(config())).ready.steps).toBe(STEPS);
    for (const { abort } of opened) abort.abort();
    await expect.poll(() => metric('vigil_streams_open')).toBe(0);
  });
});
