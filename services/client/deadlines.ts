/** How long calls may take when their caller does not say. */
import type { DescMethod } from '@bufbuild/protobuf';
import { Operations } from '../gen/google/longrunning/operations_pb.ts';
import { Health } from '../gen/grpc/health/v1/health_pb.ts';
import { DatasetService } from '../gen/vigil/v1/datasets_pb.ts';
import { ModelService } from '../gen/vigil/v1/models_pb.ts';
import { SynthesizerService } from '../gen/vigil/v1/synthesize_pb.ts';
import { TrainingService } from '../gen/vigil/v1/train_pb.ts';

export const DEFAULT_DEADLINE_MS = 30_000;
/** For calls whose work grows with the request, or that compare models. */
export const LONG_DEADLINE_MS = 600_000;

const LONG: readonly DescMethod[] = [
  SynthesizerService.method.synthesize,
  DatasetService.method.uploadDataset,
  ModelService.method.setAlias,
  ModelService.method.exportModel,
  Operations.method.waitOperation,
];

/** They last as long as what they watch; keepalive notices a server that is gone. */
const WATCHES: readonly DescMethod[] = [TrainingService.method.watchTraining, Health.method.watch];

/** Milliseconds for a call of `method`, `shortMs` for those that are soon answered; undefined for none. */
export function timeoutOf(method: DescMethod, shortMs: number): number | undefined {
  if (WATCHES.includes(method) || method.methodKind === 'bidi_streaming') return undefined;
  return LONG.includes(method) ? Math.max(LONG_DEADLINE_MS, shortMs) : shortMs;
}
