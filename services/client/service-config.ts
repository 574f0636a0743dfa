/** What the channel does by itself: spread calls over servers, and try again what may be tried again. */
import type { DescMethod } from '@bufbuild/protobuf';
import { Operations } from '../gen/google/longrunning/operations_pb.ts';
import { ClassifierService } from '../gen/vigil/v1/classify_pb.ts';
import { DatasetService } from '../gen/vigil/v1/datasets_pb.ts';
import { ModelService } from '../gen/vigil/v1/models_pb.ts';
import { SynthesizerService } from '../gen/vigil/v1/synthesize_pb.ts';
import { TrainingService } from '../gen/vigil/v1/train_pb.ts';

const { train, watchTraining, getRun, listRuns } = TrainingService.method;
const { getOperation, listOperations, waitOperation, cancelOperation } = Operations.method;
const { listModelVersions, getModelVersion, listAliasChanges, exportModel } = ModelService.method;
const { listDatasets, getDataset } = DatasetService.method;

/**
 * Calls that do no more when they are made twice. Train is one of them because it carries a request_id. A stream is only
 * begun again while nothing of it has arrived. Health is not: its answer is about the server that was asked.
 */
export const REPEATABLE: readonly DescMethod[] = [
  ClassifierService.method.classify,
  SynthesizerService.method.synthesize,
  train,
  watchTraining,
  getRun,
  listRuns,
  getOperation,
  listOperations,
  waitOperation,
  cancelOperation,
  listModelVersions,
  getModelVersion,
  listAliasChanges,
  exportModel,
  listDatasets,
  getDataset,
];

/**
 * UNAVAILABLE alone: the server means it as "not now, or not here". RESOURCE_EXHAUSTED is left to the caller, who is told
 * how long to wait. Four tries in some 0.7 s at most, as gRFC A6 jitters them.
 */
const RETRY_POLICY = {
  maxAttempts: 4,
  initialBackoff: '0.1s',
  maxBackoff: '1s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
} as const;

/** The service config as JSON, see gRPC's service_config.proto. */
export function serviceConfigOf({ retry }: { readonly retry: boolean }): string {
  const name = REPEATABLE.map((method) => ({ service: method.parent.typeName, method: method.name }));
  return JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: retry ? [{ name, retryPolicy: RETRY_POLICY }] : [],
    // Retries stop while more than some tenth of the calls fail: they must not bury a server that is in trouble.
    retryThrottling: { maxTokens: 100, tokenRatio: 0.1 },
  });
}
