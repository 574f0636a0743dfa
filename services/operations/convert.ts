import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { VigilError } from '../../src/errors.ts';
import type { OperationSchema } from '../gen/google/longrunning/operations_pb.ts';
import { TrainMetadataSchema, TrainResultSchema } from '../gen/vigil/v1/train_pb.ts';
import { operationName, runName } from '../resource-names.ts';
import { toRpcStatusMessage } from '../rpc/status.ts';
import type { RunRecord } from '../storage/store.ts';
import { toProgress, toRunState } from '../train/convert.ts';
import { isOver } from '../train/supervisor.ts';

/** A run as the operation it is: metadata TrainMetadata, response TrainResult. */
export function toOperation(run: RunRecord): MessageInitShape<typeof OperationSchema> {
  const name = runName(run.id);
  const metadata = create(TrainMetadataSchema, {
    run: name,
    state: toRunState(run.state),
    progress: toProgress(run.progress),
  });
  return {
    name: operationName(run.id),
    metadata: anyPack(TrainMetadataSchema, metadata),
    done: isOver(run),
    result: resultOf(run),
  };
}

function resultOf(run: RunRecord): MessageInitShape<typeof OperationSchema>['result'] & object {
  const name = runName(run.id);
  switch (run.state) {
    case 'succeeded': {
      const result = create(TrainResultSchema, { run: name, modelVersion: run.version ?? '' });
      return { case: 'response', value: anyPack(TrainResultSchema, result) };
    }
    case 'cancelled':
      return {
        case: 'error',
        value: toRpcStatusMessage(new VigilError('CANCELLED', `${name} was cancelled`)),
      };
    case 'failed': {
      const { code, message } = run.error ?? { code: 'INTERNAL', message: 'internal error' };
      return { case: 'error', value: toRpcStatusMessage(new VigilError(code, message)) };
    }
    default:
      return { case: undefined };
  }
}
