/** The reading side of a stream: configuration and frames in, hops into the queue. */
import { setImmediate as turn } from 'node:timers/promises';
import { VigilError } from '../../src/errors.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import type { HopQueue } from '../../src/streaming/hop-queue.ts';
import { type FrameCounts, type Hop, WindowStream } from '../../src/streaming/window-stream.ts';
import type { ClassifyStreamRequest, StreamConfig } from '../gen/vigil/v1/classify_stream_pb.ts';
import type { StreamPlan } from './stream-config.ts';
import { toFrames } from './stream-frames.ts';

/** The model and the plan that a stream began with. */
export interface OpenedStream {
  readonly version: string;
  readonly manifest: BundleManifest;
  readonly plan: StreamPlan;
}

/** What is to be answered. The configuration is not kept after its answer: idle streams are to be small. */
export type Due =
  | { readonly kind: 'ready'; readonly stream: OpenedStream; readonly config: StreamConfig }
  | Hop;

/** Hops after which others get a turn: a message may hold hours. */
const HOPS_A_TURN = 16;

/** Reads until the caller is done, then puts the hops that are still due. Errors end the queue. */
export async function readStream(
  requests: AsyncIterable<ClassifyStreamRequest>,
  queue: HopQueue<Due>,
  settings: {
    open: (config: StreamConfig) => Promise<OpenedStream>;
    onFrames: (before: FrameCounts, after: FrameCounts) => void;
    onSkipped: () => void;
  },
): Promise<void> {
  const { open, onFrames, onSkipped } = settings;
  let stream: OpenedStream | undefined;
  let windows: WindowStream | undefined;
  const putAll = async (hops: Iterable<Hop>, waits: boolean): Promise<void> => {
    let put = 0;
    for (const hop of hops) {
      if (queue.failed) return;
      if (waits) await queue.put(hop);
      else if (queue.putNewest(hop)) onSkipped();
      put += 1;
      if (put % HOPS_A_TURN === 0) await turn();
    }
  };
  try {
    for await (const { message } of requests) {
      if (queue.failed) return;
      if (!stream) {
        if (message.case !== 'config') throw misplaced(message.case, 'config, as the first message');
        stream = await open(message.value);
        await queue.put({ kind: 'ready', stream, config: message.value });
        continue;
      }
      if (message.case !== 'frames') throw misplaced(message.case, 'frames, after the first message');
      const { times, values } = toFrames(message.value, stream.manifest);
      windows ??= new WindowStream(stream.plan.settings);
      const before = windows.counts;
      try {
        await putAll(windows.push(times, values), stream.plan.waits);
      } finally {
        onFrames(before, windows.counts);
      }
    }
    if (!stream) throw misplaced(undefined, 'config, as the first message');
    // Nothing newer will come that these could give way to.
    if (windows) await putAll(windows.end(), true);
    queue.end();
  } catch (error) {
    queue.fail(error);
  }
}

const misplaced = (found: string | undefined, allowed: string): VigilError =>
  VigilError.field('message', found ?? 'nothing', allowed);
