import { context, type Tracer } from '@opentelemetry/api';
import { toProbabilities } from '../../src/models/probabilities.ts';
import type { Registry } from '../../src/registry/registry.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { ClassifyBatcher } from '../classify/batching.ts';
import type { EngineClient } from '../engine/engine.ts';
import type { GRPCInferenceService } from '../gen/inference/grpc_service_pb.ts';
import type { ModelCounters } from '../models/counters.ts';
import type { ModelResidency } from '../models/residency.ts';
import type { Route, Router } from '../models/router.ts';
import type { Answered } from '../models/shadow.ts';
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

/** As Classify gives them: the softmax of these is `probabilities`. */
const calibrated = (logits: Float32Array, temperature = 1): Float32Array =>
  logits.map((value) => value / temperature);

/** Open Inference Protocol v2 over the models that Classify serves. */
export function createInferenceHandlers(settings: {
  registry: Registry;
  residency: Pick<ModelResidency, 'isLoaded'>;
  router: Router;
  batcher: ClassifyBatcher;
  engine: Pick<EngineClient, 'info'>;
  counters: ModelCounters;
  instruments: Pick<Instruments, 'predictions'>;
  tracer: Tracer | undefined;
  /** Hears of rows that were answered: shadow and drift. */
  onAnswered: (route: Route, version: VersionRecord, answered: Answered) => void;
  maxRowsPerCall: number;
  maxBatchRows: number;
  /** Of the program. */
  serverVersion: string;
  isReady: () => boolean;
  /** Epoch milliseconds. */
}): ServiceHandlers<typeof GRPCInferenceService> {
  const { registry, residency, router, batcher, counters, instruments, tracer, onAnswered, isReady } =
    settings;
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
      config: toConfig(resolveModel(registry, name, version), settings.maxBatchRows, settings.engine.info),
    }),
    modelStatistics: async ({ name, version }) => {
      const models =
        name === '' && version === ''
          ? registry.versions().map((each) => ({ name: each.version, version: each }))
          : [resolveModel(registry, name, version)];
      return { modelStats: models.map((model) => toStatistics(model, counters.of(model.version.version))) };
    },
    modelInfer: async (request, { cancellation, requestId, deadline: callDeadline }) => {
      const deadline = deadlineOf(request.parameters, callDeadline, performance.now());
      refuseUnoffered(request.parameters, 'parameters');
      const { name, version: named } = resolveModel(registry, request.modelName, request.modelVersion);
      // Who asks for a version gets it; who asks for an alias may get its canary.
      const asked = request.modelVersion === '' ? name : named.version;
      const id = request.id === '' ? requestId : request.id;
      const { route, version, release } = router.hold(asked, id);
      try {
        const key = version.version;
        const { classNames, temperature } = version.manifest;
        const { rows, values, outputs } = toInference(request, version.manifest, settings.maxRowsPerCall);
        const columns = classNames.length;
        const logits = await withSpan(tracer, 'batch', { 'vigil.rows': rows }, [], () => {
          const tag = { trace: context.active(), embedding: false };
          return counters.request(key, () =>
            batcher.submit({ key, rows, values, columns, deadline, signal: cancellation, tag }),
          );
        });
        onAnswered(route, version, { rows, values, logits });
        const probabilities = toProbabilities(logits, columns, temperature);
        const answers = { rows, classNames, probabilities, logits: calibrated(logits, temperature) };
        for (const best of topClasses(answers))
          instruments.predictions.inc({ class: classNames[best]!, alias: route.alias, side: route.side });
        return toInferResponse({ name, version: key, id: request.id }, outputs, answers);
      } finally {
        release();
      }
    },
  };
}
