import { context, type Tracer } from '@opentelemetry/api';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { ClassifierService } from '../gen/vigil/v1/classify_pb.ts';
import type { ModelCounters } from '../models/counters.ts';
import type { Route, Router } from '../models/router.ts';
import type { Answered } from '../models/shadow.ts';
import type { Instruments } from '../observability/metrics.ts';
import { withSpan } from '../observability/tracing.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import { toResponse } from './answer.ts';
import type { ClassifyBatcher } from './batching.ts';
import { splitColumns } from './columns.ts';
import { toSamples } from './convert.ts';
import type { OpenStreams } from './open-streams.ts';
import { toWanted } from './options.ts';
import { createStreamHandler } from './stream-handler.ts';

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
    classify: async ({ model, samples: tensor, options }, { cancellation, deadline, requestId }) => {
      const wanted = toWanted(options);
      const { route, version, release } = router.hold(model, requestId);
      try {
        const classes = version.manifest.classNames.length;
        const { rows, values } = toSamples(tensor, version.manifest, maxRowsPerCall);
        const { embedding } = wanted;
        const key = version.version;
        const columns = embedding ? undefined : classes;
        const answers = await withSpan(tracer, 'batch', { 'vigil.rows': rows }, [], () => {
          const tag = { trace: context.active(), embedding };
          return counters.request(key, () =>
            batcher.submit({ key, rows, values, columns, deadline, signal: cancellation, tag }),
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
