/** What an open stream costs in memory while it is idle, and while it holds a window of frames. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { withClients } from '../services/cli/session.ts';
import { ClassifyStreamRequestSchema } from '../services/gen/vigil/v1/classify_stream_pb.ts';
import { type Provenance, provenance } from './machine.ts';
import { type MeasuredServer, startMeasured } from './streams/measured-server.ts';
import { BARE_PATH, type Memory } from './streams/protocol.ts';

/** Most heap of an idle stream beyond that of a bare call. */
const GOAL_BYTES = 10_000;
const VIGIL_PATH = '/vigil.v1.ClassifierService/ClassifyStream';
const DATASET = 'simulated:small?rows=60&steps=16';
/** A window of 10 s at 10 frames a second, but for its last frame. */
const WINDOW_FRAMES = 100;
const CHANNELS = 18;

export interface StreamsResult extends Provenance {
  readonly benchmark: 'streams';
  readonly streams: number;
  readonly connections: number;
  /** Bytes a stream, over the same process before the streams were open. */
  readonly bare: Memory;
  readonly idle: Memory;
  readonly withFrames: Memory;
  /** Heap of an idle stream beyond a bare call. */
  readonly idleBytes: number;
  /** The same as a ratio: idle over bare. */
  readonly idleRatio: number;
  readonly goalBytes: number;
  readonly met: boolean;
}

type Call = ClientDuplexStream<Buffer, Buffer>;
const bytes = (value: Buffer): Buffer => value;

/** Streams over a few connections of their own, each told `first` and answered once. */
async function openStreams(
  address: string,
  path: string,
  first: Buffer,
  { streams, connections }: { streams: number; connections: number },
): Promise<{ calls: Call[]; close: () => void }> {
  const clients = Array.from(
    { length: connections },
    () => new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }),
  );
  const calls: Call[] = [];
  for (let from = 0; from < streams; from += connections) {
    const some = clients.slice(0, streams - from).map(async (client) => {
      const call = client.makeBidiStreamRequest(path, bytes, bytes, new Metadata());
      calls.push(call);
      call.write(first);
      await new Promise((resolve, reject) => {
        call.once('data', resolve);
        call.once('error', reject);
      });
      // Cancelled at the end.
      call.on('error', () => {});
    });
    await Promise.all(some);
  }
  const close = (): void => {
    for (const call of calls) call.cancel();
    for (const client of clients) client.close();
  };
  return { calls, close };
}

const each = (before: Memory, after: Memory, streams: number): Memory => ({
  rss: Math.round((after.rss - before.rss) / streams),
  heap: Math.round((after.heap - before.heap) / streams),
  external: Math.round((after.external - before.external) / streams),
  arrayBuffers: Math.round((after.arrayBuffers - before.arrayBuffers) / streams),
});

/** One stream that comes and goes first, so that what is made once counts for nobody. */
async function warm(
  server: MeasuredServer,
  path: string,
  first: Buffer,
  connections: number,
): Promise<Memory> {
  const { close } = await openStreams(server.address, path, first, {
    streams: 20 * connections,
    connections,
  });
  close();
  return server.measure();
}

async function benchBare(size: { streams: number; connections: number }): Promise<Memory> {
  const server = await startMeasured('bare', []);
  try {
    const first = Buffer.from('hello');
    const before = await warm(server, BARE_PATH, first, size.connections);
    const { close } = await openStreams(server.address, BARE_PATH, first, size);
    const after = await server.measure();
    close();
    return each(before, after, size.streams);
  } finally {
    await server.stop();
  }
}

async function train(address: string): Promise<void> {
  await withClients(address, async ({ training, models }) => {
    const request = { dataset: DATASET, regime: 'classifier_only', options: { epochs: 1 } };
    const { name } = await training.train({ ...request, requestId: 'bench-streams' });
    for await (const { error } of training.watchTraining({ name: name.replace('operations/', 'runs/') }))
      if (error) throw new Error(`the training failed: ${error.message}`);
    await models.setAlias({ alias: 'stable', version: '1' });
  });
}

const encoded = (message: Parameters<typeof create<typeof ClassifyStreamRequestSchema>>[1]): Buffer =>
  Buffer.from(toBinary(ClassifyStreamRequestSchema, create(ClassifyStreamRequestSchema, message)));

async function benchVigil(
  directory: string,
  size: { streams: number; connections: number },
): Promise<{ idle: Memory; withFrames: Memory }> {
  const server = await startMeasured('vigil', [directory, String(size.streams + 20 * size.connections)]);
  try {
    await train(server.address);
    const config = encoded({ message: { case: 'config', value: {} } });
    const before = await warm(server, VIGIL_PATH, config, size.connections);
    const { calls, close } = await openStreams(server.address, VIGIL_PATH, config, size);
    const idle = each(before, await server.measure(), size.streams);
    const timestampsUs = Array.from({ length: WINDOW_FRAMES }, (_, i) => BigInt(i) * 100_000n);
    const raw = new Uint8Array(4 * WINDOW_FRAMES * CHANNELS);
    const frames = encoded({
      message: { case: 'frames', value: { timestampsUs, values: { case: 'raw', value: raw } } },
    });
    await Promise.all(calls.map((call) => new Promise((resolve) => call.write(frames, resolve))));
    await accepted(server, size.streams * WINDOW_FRAMES);
    const withFrames = each(before, await server.measure(), size.streams);
    close();
    return { idle, withFrames };
  } finally {
    await server.stop();
  }
}

const ACCEPTED = 'vigil_stream_frames_total{outcome="accepted"} ';

/** Until the server has taken so many frames. */
async function accepted({ ops }: MeasuredServer, frames: number): Promise<void> {
  for (;;) {
    const body = await (await fetch(`${ops}/metrics`)).text();
    const line = body.split('\n').find((text) => text.startsWith(ACCEPTED));
    if (Number(line?.slice(ACCEPTED.length)) >= frames) return;
    await sleep(200);
  }
}

export async function benchStreams(settings: {
  readonly streams: number;
  readonly connections: number;
  readonly command: string;
  readonly say: (line: string) => void;
}): Promise<StreamsResult> {
  const { streams, connections, say } = settings;
  const size = { streams, connections };
  const began = provenance(settings.command);
  const told = ({ heap, rss, arrayBuffers }: Memory): string =>
    `${heap} bytes of heap, ${arrayBuffers} of arrays, ${rss} resident`;
  const bare = await benchBare(size);
  say(`a bare call of grpc-js: ${told(bare)}`);
  const directory = await mkdtemp(join(tmpdir(), 'vigil-streams-'));
  try {
    const { idle, withFrames } = await benchVigil(directory, size);
    say(`an idle stream: ${told(idle)}`);
    say(`with ${WINDOW_FRAMES} frames: ${told(withFrames)}`);
    const idleBytes = idle.heap - bare.heap;
    const idleRatio = Math.round((100 * idle.heap) / bare.heap) / 100;
    const goalBytes = GOAL_BYTES;
    const met = idleBytes < goalBytes;
    const figures = { bare, idle, withFrames, idleBytes, idleRatio, goalBytes, met };
    return { benchmark: 'streams', ...began, ...size, ...figures };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
