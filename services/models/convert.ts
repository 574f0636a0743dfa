import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { TrafficSplit } from '../../src/registry/traffic.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import { toEvaluation } from '../evaluation/convert.ts';
import type { ModelVersionSchema } from '../gen/vigil/v1/models_pb.ts';
import { toTrafficSplit } from './convert-traffic.ts';

export function toModelVersion(
  record: VersionRecord,
  aliases: readonly string[],
  loaded: boolean,
  traffic: readonly TrafficSplit[],
): MessageInitShape<typeof ModelVersionSchema> {
  const { version, createTime, manifest, sha256 } = record;
  const { classNames, channelNames, steps, hasGenerator, evaluation, lineage } = manifest;
  return {
    version,
    aliases: [...aliases],
    createTime: timestampFromMs(createTime),
    classNames: [...classNames],
    channelNames: [...channelNames],
    steps,
    hasGenerator,
    evaluation: toEvaluation(evaluation),
    lineage: {
      ...lineage,
      seed: BigInt(lineage.seed),
      configuration: lineage.configuration as JsonObject,
    },
    sha256,
    loaded,
    traffic: traffic.map(toTrafficSplit),
  };
}
