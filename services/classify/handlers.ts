import { context, type Tracer } from '@opentelemetry/api';
import { STABLE } from '../../src/registry/registry.ts';
import type { ClassifierService } from '../gen/vigil/v1/classify_pb.ts';
import type { ModelResidency } from '../models/residency.ts';
import type { Instruments } from '../observability/metrics.ts';
import { withSpan } from '../observability/tracing.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import type { ClassifyBatcher } from './batching.ts';
import { toResponse, toSamples } from './convert.ts';

export function createClassifierHandlers(settings: {
  residency: ModelResidency;
  batcher: ClassifyBatcher;
  instruments: Instruments;
  tracer: Tracer;
  /** Whether a name is an alias now; metrics are labelled with aliases only. */
  isAlias: (name: string) => boolean;
}): ServiceHandlers<typeof ClassifierService> {
  const { residency, batcher, instruments, tracer, isAlias } = settings;
  return {
    classify: async ({ model, samples: tensor }, { signal, deadline }) => {
      // Not loaded first: the batcher's queue, which is bounded, is where calls wait for the engine.
      const { version, release } = residency.hold(model);
      try {
        const { classNames } = version.manifest;
        const { rows, values } = toSamples(tensor, version.manifest);
        const key = version.version;
        const probabilities = await withSpan(tracer, 'batch', { 'vigil.rows': rows }, [], () =>
          batcher.submit({ key, rows, values, deadline, signal, tag: context.active() }),
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
