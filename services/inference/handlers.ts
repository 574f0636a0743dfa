import { context, type Tracer } from '@opentelemetry/api';
import type { Registry } from '../../src/registry/registry.ts';
import type { ClassifyBatcher } from '../classify/handlers.ts';
import type { GRPCInferenceService } from '../gen/inference/grpc_service_pb.ts';
import type { ModelCounters } from '../models/counters.ts';
import type { ModelResidency } from '../models/residency.ts';
import type { Instruments } from '../observability/metrics.ts';
import { withSpan } from '../observability/tracing.ts';
import type { ServiceHandlers } from '../rpc/handler.ts';
import { toInference, toInferResponse } from './convert.ts';
import { toConfig, toMetadata, toStatistics } from './describe.ts';
import { resolveModel } from './model-name.ts';
import { topClasses } from './outputs.ts';
import { deadlineOf, refuseUnoffered } from './parameters.ts';

/** Extensions of the protocol, under Triton's names. */
const EXTENSIONS = ['classification', 'model_configuration', 'statistics'];

/** Open Inference Protocol v2 over the models that Classify serves. */
export function createInferenceHandlers(settings: {
  registry: Registry;
  residency: ModelResidency;
  batcher: ClassifyBatcher;
  counters: ModelCounters;
  instruments: Pick<Instruments, 'predictions'>;
  tracer: Tracer;
  maxBatchRows: number;
  /** Of the program. */
  serverVersion: string;
  isReady: () => boolean;
  /** Epoch milliseconds. */
  now: () => number;
}): ServiceHandlers<typeof GRPCInferenceService> {
  const { registry, residency, batcher, counters, instruments, tracer, isReady, now } = settings;
  return {
    serverLive: async () => ({ live: true }),
    serverReady: async () => ({ ready: isReady() }),
    modelReady: async ({ name, version }) => {
      const { version: found } = resolveModel(registry, name, version);
      return { ready: isReady() && residency.isLoaded(found.version) };
    },
    serverMetadata: async () => ({
      name: 'vigil',
      version: settings.serverVersion,
      extensions: EXTENSIONS,
    }),
    modelMetadata: async ({ name, version }) => toMetadata(resolveModel(registry, name, version)),
    modelConfig: async ({ name, version }) => ({
      config: toConfig(resolveModel(registry, name, version), settings.maxBatchRows),
    }),
    modelStatistics: async ({ name, version }) => {
      const models =
        name === '' && version === ''
          ? registry.versions().map((each) => ({ name: each.version, version: each }))
          : [resolveModel(registry, name, version)];
      return { modelStats: models.map((model) => toStatistics(model, counters.of(model.version.version))) };
    },
    modelInfer: async (request, { signal, deadline: callDeadline }) => {
      const deadline = deadlineOf(request.parameters, callDeadline, now());
      refuseUnoffered(request.parameters, 'parameters');
      const { name, version } = resolveModel(registry, request.modelName, request.modelVersion);
      const key = version.version;
      // By its number: the alias may move while it is loaded.
      const { release } = await residency.lease(key, signal);
      try {
        const { classNames } = version.manifest;
        const { rows, values, outputs } = toInference(request, version.manifest);
        const probabilities = await withSpan(tracer, 'batch', { 'vigil.rows': rows }, [], () =>
          counters.request(key, () =>
            batcher.submit({ key, rows, values, deadline, signal, tag: context.active() }),
          ),
        );
        const answers = { rows, classNames, probabilities };
        const alias = name === key ? '' : name;
        for (const best of topClasses(answers))
          instruments.predictions.inc({ class: classNames[best]!, alias });
        return toInferResponse({ name, version: key, id: request.id }, outputs, answers);
      } finally {
        release();
      }
    },
  };
}
