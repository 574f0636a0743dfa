/** Models as the protocol's clients want them described. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { EngineInfo } from '../engine/protocol.ts';
import type {
  ModelMetadataResponseSchema,
  ModelStatisticsSchema,
  StatisticDurationSchema,
} from '../gen/inference/grpc_service_pb.ts';
import {
  DataType,
  ModelInstanceGroup_Kind as InstanceKind,
  type ModelConfigSchema,
} from '../gen/inference/model_config_pb.ts';
import type { Tally, VersionCounters } from '../models/counters.ts';
import { INPUT } from './convert.ts';
import type { NamedModel } from './model-name.ts';
import { OUTPUTS } from './outputs.ts';

const PLATFORM = 'vigil';
const DATA_TYPES = {
  FP32: DataType.TYPE_FP32,
  INT64: DataType.TYPE_INT64,
  BYTES: DataType.TYPE_STRING,
} as const;

export function toMetadata({
  name,
  version,
}: NamedModel): MessageInitShape<typeof ModelMetadataResponseSchema> {
  const { channels, steps, classNames } = version.manifest;
  return {
    name,
    versions: [version.version],
    platform: PLATFORM,
    inputs: [{ name: INPUT, datatype: 'FP32', shape: [-1n, BigInt(channels), BigInt(steps)] }],
    outputs: Object.entries(OUTPUTS).map(([output, { datatype, width }]) => ({
      name: output,
      datatype,
      shape: [-1n, BigInt(width(classNames.length))],
    })),
  };
}

export function toConfig(
  { name, version }: NamedModel,
  maxBatchRows: number,
  engine: EngineInfo | undefined,
): MessageInitShape<typeof ModelConfigSchema> {
  const { channels, steps, classNames, channelNames, lineage } = version.manifest;
  const parameters = {
    class_names: JSON.stringify(classNames),
    channel_names: JSON.stringify(channelNames),
    version: version.version,
    run: lineage.run,
    regime: lineage.regime,
  };
  return {
    name,
    platform: PLATFORM,
    backend: PLATFORM,
    maxBatchSize: maxBatchRows,
    input: [{ name: INPUT, dataType: DataType.TYPE_FP32, dims: [BigInt(channels), BigInt(steps)] }],
    output: Object.entries(OUTPUTS).map(([output, { datatype, width }]) => ({
      name: output,
      dataType: DATA_TYPES[datatype],
      dims: [BigInt(width(classNames.length))],
    })),
    instanceGroup: engine
      ? [
          {
            name: engine.engine,
            count: engine.instances,
            kind: engine.device === 'cpu' ? InstanceKind.CPU : InstanceKind.GPU,
          },
        ]
      : [],
    schedulingChoice: { case: 'dynamicBatching', value: {} },
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, stringValue]) => [key, { stringValue }]),
    ),
  };
}

export function toStatistics(
  { name, version }: NamedModel,
  counters: Readonly<VersionCounters>,
): MessageInitShape<typeof ModelStatisticsSchema> {
  const batches = [...counters.batches].sort(([a], [b]) => a - b);
  const { count } = counters.succeeded;
  return {
    name,
    version: version.version,
    lastInference: BigInt(counters.lastRun),
    inferenceCount: BigInt(counters.rows),
    executionCount: BigInt(batches.reduce((sum, [, { count }]) => sum + count, 0)),
    inferenceStats: {
      success: toDuration(counters.succeeded),
      fail: toDuration(counters.failed),
      queue: toDuration(counters.waited),
      ...toCompute({ count, seconds: counters.computeSeconds }),
    },
    batchStats: batches.map(([rows, tally]) => ({
      batchSize: BigInt(rows),
      ...toCompute(tally),
    })),
  };
}

/** Clients expect as many of each; only the engine's time is measured. */
const toCompute = (engine: Tally) => ({
  computeInput: toDuration({ count: engine.count, seconds: 0 }),
  computeInfer: toDuration(engine),
  computeOutput: toDuration({ count: engine.count, seconds: 0 }),
});

const toDuration = ({ count, seconds }: Tally): MessageInitShape<typeof StatisticDurationSchema> => ({
  count: BigInt(count),
  ns: BigInt(Math.round(seconds * 1e9)),
});
