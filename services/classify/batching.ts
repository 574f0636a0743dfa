import { type Context, context, type Tracer, trace } from '@opentelemetry/api';
import { Batcher } from '../../src/batching/batcher.ts';
import { VigilError } from '../../src/errors.ts';
import type { EngineClient } from '../engine/engine.ts';
import type { ModelResidency } from '../models/residency.ts';
import type { Instruments } from '../observability/metrics.ts';
import { withSpan } from '../observability/tracing.ts';

/** Rows of all callers, batched for the serving engine; each request's tag is its trace context. */
export type ClassifyBatcher = Batcher<Context>;

/** One batcher for the whole server, so that callers share batches. */
export function createClassifyBatcher(settings: {
  engine: EngineClient;
  residency: Pick<ModelResidency, 'isLoaded' | 'whenLoaded'>;
  instruments: Instruments;
  tracer: Tracer;
  maxBatchRows: number;
  maxPendingRows: number;
  maxQueueMs: number;
  maxInFlight: number;
}): ClassifyBatcher {
  const { engine, residency, instruments, tracer, ...limits } = settings;
  return new Batcher<Context>({
    ...limits,
    now: Date.now,
    clock: () => performance.now(),
    // Loaded in the process of the moment: rows wait while one is replaced.
    readiness: (version) => (residency.isLoaded(version) ? undefined : residency.whenLoaded(version)),
    isEngineGone: (error) => error instanceof VigilError && error.code === 'ENGINE_UNAVAILABLE',
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
      retried: (requests) => instruments.inferenceRetried.inc(requests),
    },
  });
}
