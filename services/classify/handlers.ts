import { type Context, context, type Tracer, trace } from '@opentelemetry/api';
import { Batcher } from '../../src/batching/batcher.ts';
import { STABLE } from '../../src/registry/registry.ts';
import type { EngineClient } from '../engine/engine.ts';
import type { ClassifierService } from '../gen/vigil/v1/classify_pb.ts';
import type { ModelCounters } from '../models/counters.ts';
import type { ModelResidency } from '../models/residency.ts';
import type { Instruments } from '../observability/metrics.ts';
import { withSpan } from '../observability/tracing.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import { toResponse, toSamples } from './convert.ts';

/** Rows of all callers, batched for the serving engine; each request's tag is its trace context. */
export type ClassifyBatcher = Batcher<Context>;

/** One batcher for the whole server, so that callers share batches. */
export function createClassifyBatcher(settings: {
  engine: EngineClient;
  counters: ModelCounters;
  instruments: Instruments;
  tracer: Tracer;
  maxBatchRows: number;
  maxPendingRows: number;
}): ClassifyBatcher {
  const { engine, counters, instruments, tracer, maxBatchRows, maxPendingRows } = settings;
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
          counters.ran(version, rows, tags.length, computeSeconds);
          return probabilities;
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
  residency: ModelResidency;
  batcher: ClassifyBatcher;
  counters: ModelCounters;
  instruments: Instruments;
  tracer: Tracer;
  /** Whether a name is an alias now; metrics are labelled with aliases only. */
  isAlias: (name: string) => boolean;
}): ServiceHandlers<typeof ClassifierService> {
  const { residency, batcher, counters, instruments, tracer, isAlias } = settings;
  return {
    classify: async ({ model, samples: tensor }, { signal, deadline }) => {
      const { version, release } = await residency.lease(model, signal);
      try {
        const { classNames } = version.manifest;
        const { rows, values } = toSamples(tensor, version.manifest);
        const key = version.version;
        const probabilities = await withSpan(tracer, 'batch', { 'vigil.rows': rows }, [], () =>
          counters.request(key, () =>
            batcher.submit({ key, rows, values, deadline, signal, tag: context.active() }),
          ),
        );
        const name = model === '' ? STABLE : model;
        const alias = isAlias(name) ? name : '';
        return toResponse(key, classNames, probabilities, (className) =>
          instruments.predictions.inc({ class: className, alias }),
        );
      } finally {
        release();
      }
    },
  };
}
