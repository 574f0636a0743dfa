/** ClassifyStream: one side reads frames and makes windows, the other answers them; a bounded queue is between. */
import { randomUUID } from 'node:crypto';
import { context, type Tracer } from '@opentelemetry/api';
import { VigilError } from '../../src/errors.ts';
import { topClass } from '../../src/evaluation/metrics.ts';
import { toProbabilities } from '../../src/models/probabilities.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import { HopQueue } from '../../src/streaming/hop-queue.ts';
import { HopTracker } from '../../src/streaming/hop-tracker.ts';
import type { FrameCounts, Hop } from '../../src/streaming/window-stream.ts';
import type { ClassifierService } from '../gen/vigil/v1/classify_pb.ts';
import type { StreamConfig } from '../gen/vigil/v1/classify_stream_pb.ts';
import type { Route, Router } from '../models/router.ts';
import type { Answered } from '../models/shadow.ts';
import type { Instruments } from '../observability/metrics.ts';
import { withSpan } from '../observability/tracing.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import type { ClassifyBatcher } from './batching.ts';
import type { OpenStreams } from './open-streams.ts';
import { resolvedConfig, toStreamPlan } from './stream-config.ts';
import { type Due, type OpenedStream, readStream } from './stream-input.ts';
import { type StreamMessage, toResult, withheldBy, withheldFor } from './stream-results.ts';

/** Most windows that wait for the engine or for the reader of the results. */
const MOST_PENDING = 8;

export interface StreamHandlerSettings {
  readonly router: Router;
  readonly batcher: ClassifyBatcher;
  readonly instruments: Instruments;
  readonly tracer: Tracer | undefined;
  /** Hears of windows that were answered: shadow and drift. */
  readonly onAnswered: (route: Route, version: VersionRecord, answered: Answered) => void;
  readonly streams: OpenStreams;
}

export function createStreamHandler(
  settings: StreamHandlerSettings,
): ServiceHandlers<typeof ClassifierService>['classifyStream'] {
  const { router, instruments, streams } = settings;
  const onFrames = (before: FrameCounts, after: FrameCounts): void => {
    for (const outcome of ['accepted', 'late', 'duplicate'] as const)
      instruments.streamFrames.inc({ outcome }, after[outcome] - before[outcome]);
  };
  const onSkipped = (): void => instruments.streamHops.inc({ outcome: 'skipped' });

  return async function* classifyStream(requests, { signal, requestId = randomUUID() }) {
    const queue = new HopQueue<Due>(MOST_PENDING);
    const close = streams.open((reason) => queue.fail(reason));
    const aborted = (): void => queue.fail(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    const open = async (config: StreamConfig): Promise<OpenedStream> => {
      const { version, release } = router.hold(config.model, requestId);
      release();
      const { manifest } = version;
      return { version: version.version, manifest, plan: toStreamPlan(config, manifest) };
    };
    // Settles by way of the queue.
    void readStream(requests, queue, { open, onFrames, onSkipped });
    try {
      let answer: ((hop: Hop) => Promise<StreamMessage>) | undefined;
      for (let due = await queue.take(); due !== undefined; due = await queue.take()) {
        if (due.kind === 'ready') {
          answer = answerer(settings, due.stream, requestId, signal, () => queue.skipped);
          yield toReady(due.stream, due.config);
        } else yield await answer!(due);
      }
    } finally {
      signal.removeEventListener('abort', aborted);
      // Frees a reader that waits for room.
      queue.fail(new VigilError('CANCELLED', 'the stream is over'));
      close();
    }
  };
}

/** Answers hops in their order, with what is remembered from one to the next. */
function answerer(
  { router, batcher, instruments, tracer, onAnswered }: StreamHandlerSettings,
  { plan, manifest }: OpenedStream,
  requestId: string,
  signal: AbortSignal,
  skipped: () => number,
): (hop: Hop) => Promise<StreamMessage> {
  const tracker = new HopTracker(plan.tracker);
  const { model, levelNames } = plan;
  const hopMs = plan.settings.hopUs / 1000;

  /**
   * A lease per hop: a move of the alias takes effect at the next one, and the engine is waited for until then. One id:
   * the whole stream is on one side of a canary.
   */
  const classify = async (values: Float32Array) => {
    const { route, version, release } = await router.lease(model, requestId, signal, hopMs);
    try {
      sameShape(manifest, version.manifest, model, version.version);
      const key = version.version;
      const columns = version.manifest.classNames.length;
      const logits = await withSpan(tracer, 'batch', { 'vigil.rows': 1 }, [], () => {
        const tag = { trace: context.active(), embedding: false };
        return batcher.submit({ key, rows: 1, values, columns, signal, tag });
      });
      onAnswered(route, version, { rows: 1, values, logits });
      const probabilities = toProbabilities(logits, columns, version.manifest.temperature);
      return { key, route, probabilities };
    } finally {
      release();
    }
  };
  const withheld = (hop: Hop, why: ReturnType<typeof withheldFor>): StreamMessage => {
    instruments.streamHops.inc({ outcome: 'withheld' });
    const step = hop.kind === 'restart' ? tracker.restart() : tracker.withhold(hop.endUs);
    return toResult(hop, step, levelNames, skipped(), why!);
  };

  return async (hop) => {
    if (hop.kind !== 'window') return withheld(hop, withheldBy(hop, plan.settings, manifest));
    let answered: Awaited<ReturnType<typeof classify>>;
    try {
      answered = await classify(hop.values);
    } catch (error) {
      const why = error instanceof VigilError ? withheldFor(error) : undefined;
      if (why) return withheld(hop, why);
      throw error;
    }
    const { key, route, probabilities } = answered;
    const { smoothed, ...step } = tracker.answer(hop.endUs, probabilities);
    const best = manifest.classNames[topClass(probabilities, 0, manifest.classNames.length)]!;
    instruments.predictions.inc({ class: best, alias: route.alias, side: route.side });
    instruments.streamHops.inc({ outcome: 'answered' });
    const answer = { modelVersion: key, probabilities: [...probabilities], smoothed: [...smoothed] };
    return toResult(hop, step, levelNames, skipped(), answer);
  };
}

function toReady({ version, manifest, plan }: OpenedStream, config: StreamConfig): StreamMessage {
  const { channelNames, classNames, steps } = manifest;
  const value = {
    modelVersion: version,
    channelNames: [...channelNames],
    classNames: [...classNames],
    steps,
    config: resolvedConfig(plan, config),
  };
  return { message: { case: 'ready', value } };
}

/** A stream has one shape from its begin to its end: frames, smoothing and levels are in its terms. */
function sameShape(began: BundleManifest, now: BundleManifest, model: string, version: string): void {
  const shape = ({ channels, steps, channelNames, classNames }: BundleManifest): string =>
    JSON.stringify([channels, steps, channelNames, classNames]);
  if (began === now || shape(began) === shape(now)) return;
  const message = `${model} points at version ${version} now, whose channels, steps or classes are not those that this stream began with; open a new one`;
  throw new VigilError('MODEL_INCOMPATIBLE', message, { metadata: { subject: version } });
}
