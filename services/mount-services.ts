/** Every service of the contract, with its handlers made of the server's parts. */
import type { Tracer } from '@opentelemetry/api';
import type { Registry } from '../src/registry/registry.ts';
import type { VersionRecord } from '../src/registry/version.ts';
import { createAuditHandlers } from './audit/handlers.ts';
import type { ClassifyBatcher } from './classify/batching.ts';
import { createClassifierHandlers } from './classify/handlers.ts';
import type { OpenStreams } from './classify/open-streams.ts';
import type { Config } from './config.ts';
import { createDatasetHandlers } from './datasets/handlers.ts';
import type { resolveDataset } from './datasets/resolve.ts';
import type { EngineClient } from './engine/engine.ts';
import { Operations } from './gen/google/longrunning/operations_pb.ts';
import { Health } from './gen/grpc/health/v1/health_pb.ts';
import { GRPCInferenceService } from './gen/inference/grpc_service_pb.ts';
import { AuditService } from './gen/vigil/v1/audit_pb.ts';
import { ClassifierService } from './gen/vigil/v1/classify_pb.ts';
import { DatasetService } from './gen/vigil/v1/datasets_pb.ts';
import { ModelService } from './gen/vigil/v1/models_pb.ts';
import { SynthesizerService } from './gen/vigil/v1/synthesize_pb.ts';
import { TrainingService } from './gen/vigil/v1/train_pb.ts';
import { type Mounted, mounted } from './grpc-server.ts';
import { createHealthService, type HealthBoard, READY } from './health.ts';
import { createInferenceHandlers } from './inference/handlers.ts';
import type { AliasMover } from './models/alias-mover.ts';
import type { ModelCounters } from './models/counters.ts';
import { createModelHandlers } from './models/handlers.ts';
import type { ModelResidency } from './models/residency.ts';
import type { Route, Router } from './models/router.ts';
import type { Answered } from './models/shadow.ts';
import type { TrafficSetter } from './models/traffic-setter.ts';
import type { VersionRemover } from './models/version-remover.ts';
import type { Instruments } from './observability/metrics.ts';
import { createOperationHandlers } from './operations/handlers.ts';
import type { EarlyRefusal } from './rpc/early-refusal.ts';
import type { DataDirectory } from './storage/data-directory.ts';
import type { Store } from './storage/store.ts';
import { createSynthesizerHandlers } from './synthesize/handlers.ts';
import { Admission } from './train/admission.ts';
import { createTrainingHandlers } from './train/handlers.ts';
import type { TrainingSupervisor } from './train/supervisor.ts';

export interface ServiceParts {
  readonly now: () => number;
  readonly codeVersion: string;
  /** Aborts when the server begins to stop. */
  readonly stopping: AbortSignal;
  readonly instruments: Instruments;
  readonly tracer: Tracer | undefined;
  readonly health: HealthBoard;
  readonly data: DataDirectory;
  readonly store: Store;
  readonly resolveDataset: (name: string) => ReturnType<typeof resolveDataset>;
  readonly registry: Registry;
  readonly residency: ModelResidency;
  readonly router: Router;
  readonly counters: ModelCounters;
  readonly batcher: ClassifyBatcher;
  readonly streams: OpenStreams;
  readonly onAnswered: (route: Route, version: VersionRecord, answered: Answered) => void;
  /** The serving one. */
  readonly engine: EngineClient;
  readonly supervisor: TrainingSupervisor;
  readonly mover: AliasMover;
  readonly traffic: TrafficSetter;
  readonly remover: VersionRemover;
}

export function mountServices(config: Config, parts: ServiceParts): Mounted[] {
  const { now, codeVersion, stopping, instruments, tracer, health, data, store, resolveDataset } = parts;
  const { registry, residency, router, counters, batcher, streams, onAnswered, engine } = parts;
  const { supervisor, mover, traffic, remover } = parts;
  const admission = new Admission(store, config.VIGIL_MAX_QUEUED_RUNS, now);
  const refuseOne: EarlyRefusal = (deadline) => batcher.refuseOne(deadline);
  const maxBytes = config.VIGIL_MAX_DATASET_BYTES;
  return [
    mounted(
      ClassifierService,
      createClassifierHandlers({
        router,
        batcher,
        counters,
        instruments,
        tracer,
        onAnswered,
        streams,
        maxRowsPerCall: config.VIGIL_MAX_ROWS_PER_CALL,
      }),
      { classify: refuseOne },
    ),
    mounted(
      SynthesizerService,
      createSynthesizerHandlers({
        residency,
        engine,
        instruments,
        tracer,
        maxRows: config.VIGIL_MAX_SYNTHETIC_ROWS,
      }),
    ),
    mounted(
      TrainingService,
      createTrainingHandlers({
        store,
        admission,
        supervisor,
        resolveDataset,
        stopping,
        now,
      }),
    ),
    mounted(Operations, createOperationHandlers({ store, supervisor, data, stopping, now })),
    mounted(
      ModelService,
      createModelHandlers({ registry, residency, mover, traffic, remover, engine, store }),
    ),
    mounted(DatasetService, createDatasetHandlers({ store, data, maxBytes, now })),
    mounted(AuditService, createAuditHandlers(store)),
    mounted(
      GRPCInferenceService,
      createInferenceHandlers({
        registry,
        residency,
        router,
        batcher,
        engine,
        counters,
        instruments,
        tracer,
        onAnswered,
        maxRowsPerCall: config.VIGIL_MAX_ROWS_PER_CALL,
        maxBatchRows: config.VIGIL_MAX_BATCH_ROWS,
        serverVersion: codeVersion,
        isReady: () => health.get(READY) ?? false,
      }),
      { modelInfer: refuseOne },
    ),
    mounted(Health, createHealthService(health, stopping)),
  ];
}
