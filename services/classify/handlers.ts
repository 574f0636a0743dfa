import { type Context, context, type Tracer, trace } from '@opentelemetry/api';
import { Batcher } from '../../src/batching/batcher.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { EngineClient } from '../engine/engine.ts';
import type { ClassifierService } from '../gen/vigil/v1/classify_pb.ts';
import type { Route, Router } from '../models/router.ts';
import type { Answered } from '../models/shadow.ts';
import type { Instruments } from '../observability/metrics.ts';
import { withSpan } from '../observability/tracing.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import { toResponse, toSamples } from './convert.ts';
import type { OpenStreams } from './open-streams.ts';
import { createStreamHandler } from './stream-handler.ts';

/** Rows of all callers, batched for the serving engine; each request's tag is its trace context. */
export type ClassifyBatcher = Batcher<Context>;

/** One batcher for the whole server, so that callers share batches. */
export function createClassifyBatcher(settings: {
  engine: EngineClient;
  instruments: Instruments;
  tracer: Tracer | undefined;
  maxBatchRows: number;
  maxPendingRows: number;
}): ClassifyBatcher {
  const { engine, instruments, tracer, maxBatchRows, maxPendingRows } = settings;
  return new Batcher<Context>({
    maxBatchRows,
    maxPendingRows,
    now: Date.now,
    run: (version, rows, values, tags) =>
      // A batch belongs to every call in it: a child of the first, linked to the others.
      context.with(tags[0]!, () => {
        const links = tags.slice(1).flatMap((tag) => trace.getSpanContext(tag) ?? []);
        const attributes = { 'vigil.model.version': version, 'vigil.batch.rows': rows };
        return withSpan(tracer, 'engine classify', attributes, links, async () => {
          const { probabilities, computeSeconds } = await engine.call('classify', { version, rows, values });
          instruments.inferenceCompute.observe(computeSeconds);
          return probabilities;
        });
      }),
    observer: {
      pending: (rows) => instruments.inferencePendingRows.set(rows),
      dispatched: (rows, reason) => {
        instruments.inferenceBatchRows.observe(rows);
        instruments.inferenceBatchDispatch.inc({ reason });
      },
      waited: (seconds) => instruments.inferenceQueue.observe(seconds),
      rejected: (reason) => instruments.inferenceRejected.inc({ reason }),
    },
  });
}

export function createClassifierHandlers(settings: {
  router: Router;
  batcher: ClassifyBatcher;
  instruments: Instruments;
  tracer: Tracer | undefined;
  /** Hears of rows that were answered: shadow and drift. */
  onAnswered: (route: Route, version: VersionRecord, answered: Answered) => void;
  streams: OpenStreams;
}): ServiceHandlers<typeof ClassifierService> {
  const { router, batcher, instruments, tracer, onAnswered } = settings;
  return {
    classify: async ({ model, samples: tensor }, { signal, deadline, requestId }) => {
      const { route, version, release } = await router.lease(model, requestId, signal);
      try {
        const { classNames } = version.manifest;
        const { rows, values } = toSamples(tensor, version.manifest);
        const key = version.version;
        const probabilities = await withSpan(tracer, 'batch', { 'vigil.rows': rows }, [], () =>
          batcher.submit({ key, rows, values, deadline, signal, tag: context.active() }),
        );
        const { alias, side } = route;
        onAnswered(route, version, { rows, values, probabilities });
        return toResponse(key, classNames, probabilities, (className) =>
          instruments.predictions.inc({ class: className, alias, side }),
        );
      } finally {
        release();
      }
    },
    classifyStream: createStreamHandler(settings),
  };
}
