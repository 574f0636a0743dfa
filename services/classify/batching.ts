import { type Context, context, type Tracer, trace } from '@opentelemetry/api';
import { Batcher } from '../../src/batching/batcher.ts';
import { VigilError } from '../../src/errors.ts';
import { BUCKETS } from '../engine/buckets.ts';
import type { EngineClient } from '../engine/engine.ts';
import type { ModelCounters } from '../models/counters.ts';
import type { ModelResidency } from '../models/residency.ts';
import type { Instruments } from '../observability/metrics.ts';
import { withSpan } from '../observability/tracing.ts';
import { joinColumns } from './columns.ts';

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
  residency: Pick<ModelResidency, 'isLoaded' | 'whenLoaded'>;
  counters: ModelCounters;
  instruments: Instruments;
  tracer: Tracer | undefined;
  maxBatchRows: number;
  maxPendingRows: number;
  maxQueueMs: number;
  maxInFlight: number;
}): ClassifyBatcher {
  const { engine, residency, counters, instruments, tracer, ...limits } = settings;
  return new Batcher<ClassifyTag>({
    ...limits,
    clock: () => performance.now(),
    // Loaded in the process of the moment: rows wait while one is replaced.
    readiness: (version) => (residency.isLoaded(version) ? undefined : residency.whenLoaded(version)),
    isEngineGone: (error) => error instanceof VigilError && error.code === 'ENGINE_UNAVAILABLE',
    sizes: BUCKETS,
    instances: () => engine.info?.instances ?? 1,
    run: ({ key: version, rows, values, tags, instance }) =>
      // A batch belongs to every call in it: a child of the first, linked to the others.
      context.with(tags[0]!.trace, () => {
        const links = tags.slice(1).flatMap((tag) => trace.getSpanContext(tag.trace) ?? []);
        const attributes = { 'vigil.model.version': version, 'vigil.batch.rows': rows };
        return withSpan(tracer, 'engine classify', attributes, links, async () => {
          const embedding = tags.some((tag) => tag.embedding);
          const answer = await engine.call('classify', { instance, version, rows, values, embedding });
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
      retried: (requests) => instruments.inferenceRetried.inc(requests),
    },
  });
}
