import { type Context, context, type Tracer, trace } from '@opentelemetry/api';
import { Batcher } from '../../src/batching/batcher.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { EngineClient } from '../engine/engine.ts';
import type { ClassifierService } from '../gen/vigil/v1/classify_pb.ts';
import type { ModelCounters } from '../models/counters.ts';
import type { Route, Router } from '../models/router.ts';
import type { Answered } from '../models/shadow.ts';
import type { Instruments } from '../observability/metrics.ts';
import { withSpan } from '../observability/tracing.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import { toResponse } from './answer.ts';
import { joinColumns, splitColumns } from './columns.ts';
import { toSamples } from './convert.ts';
import type { OpenStreams } from './open-streams.ts';
import { toWanted } from './options.ts';
import { createStreamHandler } from './stream-handler.ts';

/** What a batch must know of the requests in it. */
export interface ClassifyTag {
  readonly trace: Context;
  /** Whether the result rows have the embedding behind the logits. */
  readonly embedding: boolean;
}

/**
 * Rows of all callers, batched for the serving engine. A result row is C's logits, as trained, and behind them the embedding
 * in batches where some caller wants it: a request says in `columns` how much of a row is its own.
 */
export type ClassifyBatcher = Batcher<ClassifyTag>;

/** One batcher for the whole server, so that callers share batches. */
export function createClassifyBatcher(settings: {
  engine: EngineClient;
  counters: ModelCounters;
  instruments: Instruments;
  tracer: Tracer | undefined;
  maxBatchRows: number;
  maxPendingRows: number;
}): ClassifyBatcher {
  const { engine, counters, instruments, tracer, maxBatchRows, maxPendingRows } = settings;
  return new Batcher<ClassifyTag>({
    maxBatchRows,
    maxPendingRows,
    now: Date.now,
    run: (version, rows, values, tags) =>
      // A batch belongs to every call in it: a child of the first, linked to the others.
      context.with(tags[0]!.trace, () => {
        const links = tags.slice(1).flatMap((tag) => trace.getSpanContext(tag.trace) ?? []);
        const attributes = { 'vigil.model.version': version, 'vigil.batch.rows': rows };
        return withSpan(tracer, 'engine classify', attributes, links, async () => {
          const embedding = tags.some((tag) => tag.embedding);
          const answer = await engine.call('classify', { version, rows, values, embedding });
          instruments.inferenceCompute.observe(answer.computeSeconds);
          counters.ran(version, rows, tags.length, answer.computeSeconds);
          return answer.embedding ? joinColumns(rows, answer.logits, answer.embedding) : answer.logits;
        });
      }),
    observer: {
      pending: (rows) => instruments.inferencePendingRows.set(rows),
      dispatched: (rows, reason) => {
        instruments.inferenceBatchRows.observe(rows);
        instruments.inferenceBatchDispatch.inc({ reason });
      },
      waited: (seconds, version) => {
        instruments.inferenceQueue.observe(seconds);
        counters.waited(version, seconds);
      },
      rejected: (reason) => instruments.inferenceRejected.inc({ reason }),
    },
  });
}

export function createClassifierHandlers(settings: {
  router: Router;
  batcher: ClassifyBatcher;
  counters: ModelCounters;
  instruments: Instruments;
  tracer: Tracer | undefined;
  /** Hears of rows that were answered: shadow and drift. */
  onAnswered: (route: Route, version: VersionRecord, answered: Answered) => void;
  streams: OpenStreams;
  maxRowsPerCall: number;
}): ServiceHandlers<typeof ClassifierService> {
  const { router, batcher, counters, instruments, tracer, onAnswered, maxRowsPerCall } = settings;
  return {
    classify: async ({ model, samples: tensor, options }, { signal, deadline, requestId }) => {
      const wanted = toWanted(options);
      const { route, version, release } = await router.lease(model, requestId, signal);
      try {
        const classes = version.manifest.classNames.length;
        const { rows, values } = toSamples(tensor, version.manifest, maxRowsPerCall);
        const { embedding } = wanted;
        const key = version.version;
        const columns = embedding ? undefined : classes;
        const answers = await withSpan(tracer, 'batch', { 'vigil.rows': rows }, [], () => {
          const tag = { trace: context.active(), embedding };
          return counters.request(key, () =>
            batcher.submit({ key, rows, values, columns, deadline, signal, tag }),
          );
        });
        const engineRows = embedding
          ? { rows, ...splitColumns(rows, answers, classes) }
          : { rows, logits: answers, embedding: undefined };
        const { alias, side } = route;
        onAnswered(route, version, { rows, values, logits: engineRows.logits });
        return toResponse(version, wanted, engineRows, (className, count) =>
          instruments.predictions.inc({ class: className, alias, side }, count),
        );
      } finally {
        release();
      }
    },
    classifyStream: createStreamHandler(settings),
  };
}
