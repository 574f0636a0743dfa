import type { MessageInitShape } from '@bufbuild/protobuf';
import { VigilError } from '../../src/errors.ts';
import type { TrafficMode, TrafficSplit } from '../../src/registry/traffic.ts';
import { TrafficMode as ModeMessage, type TrafficSplitSchema } from '../gen/vigil/v1/models_pb.ts';

const MODES: Readonly<Record<TrafficMode, ModeMessage>> = {
  canary: ModeMessage.CANARY,
  shadow: ModeMessage.SHADOW,
};

export const toTrafficSplit = (split: TrafficSplit): MessageInitShape<typeof TrafficSplitSchema> => ({
  ...split,
  mode: MODES[split.mode],
});

/** Errors: FIELD_INVALID. */
export function fromTrafficMode(mode: ModeMessage): TrafficMode {
  if (mode === ModeMessage.CANARY) return 'canary';
  if (mode === ModeMessage.SHADOW) return 'shadow';
  const found = mode === ModeMessage.UNSPECIFIED ? 'nothing' : String(mode);
  throw VigilError.field('mode', found, 'TRAFFIC_MODE_CANARY or TRAFFIC_MODE_SHADOW');
}

/** Errors: FIELD_INVALID. */
export function checkShare(share: number): number {
  if (share > 0 && share <= 1) return share;
  throw VigilError.field('share', String(share), 'above 0, at most 1; ClearTraffic ends it');
}
