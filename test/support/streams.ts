/** Streams for tests: models of 18 channels and 16 steps, windows of 15 s, so that a step is a second. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import {
  Backlog,
  type ClassifyStreamRequestSchema,
  type ClassifyStreamResponse,
  type HopResult,
  type StreamConfigSchema,
  type StreamReady,
} from '../../services/gen/vigil/v1/classify_stream_pb.ts';
import { fillNormal, randomKey } from '../../src/random.ts';
import { rawOf } from './server.ts';

export type Request = MessageInitShape<typeof ClassifyStreamRequestSchema>;
type Config = MessageInitShape<typeof StreamConfigSchema>;

export const CHANNELS = 18;
export const STEPS = 16;

export const durationOf = (seconds: number, nanos = 0) =>
  create(DurationSchema, { seconds: BigInt(seconds), nanos });
/** A window of 15 s: a step each second. */
export const config = (changes: Config = {}): Request => ({
  message: {
    case: 'config',
    value: {
      window: durationOf(15),
      maxGap: durationOf(2),
      allowedLateness: durationOf(0),
      backlog: Backlog.WAIT,
      smoothingHalfLifeHops: 1,
      ...changes,
    },
  },
});
export const SECOND = 1_000_000;
/** Frames of all channels; NaN is a missing one. */
export const frames = (times: readonly number[], values: ArrayLike<number>): Request => ({
  message: {
    case: 'frames',
    value: { timestampsUs: times.map(BigInt), values: { case: 'raw', value: rawOf(Array.from(values)) } },
  },
});
export const drawn = (count: number): Float32Array =>
  fillNormal(randomKey(1, 'test/streaming'), new Float32Array(count * CHANNELS));
export const seconds = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (from + i) * SECOND);

export async function collect(
  responses: AsyncIterable<ClassifyStreamResponse>,
): Promise<{ ready: StreamReady; results: HopResult[] }> {
  let ready: StreamReady | undefined;
  const results: HopResult[] = [];
  for await (const { message } of responses) {
    if (message.case === 'ready') ready = message.value;
    else results.push(message.value as HopResult);
  }
  return { ready: ready!, results };
}
/** Requests that a test gives one by one. */
export function outbox() {
  const waiting: Request[] = [];
  let wake = (): void => {};
  async function* requests(): AsyncIterable<Request> {
    for (;;) {
      const next = waiting.shift();
      if (next) yield next;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  return {
    requests: requests(),
    send: (request: Request): void => {
      waiting.push(request);
      wake();
    },
  };
}
export const next = async (stream: AsyncIterator<ClassifyStreamResponse>): Promise<HopResult | StreamReady> =>
  (await stream.next()).value!.message.value;
