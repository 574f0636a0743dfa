import type { MessageInitShape } from '@bufbuild/protobuf';
import type { VigilError } from '../../src/errors.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import type { LevelStep } from '../../src/streaming/hop-tracker.ts';
import type { Gap } from '../../src/streaming/resample-window.ts';
import type { StreamSettings } from '../../src/streaming/stream-settings.ts';
import type { FrameCounts, Hop } from '../../src/streaming/window-stream.ts';
import { type ClassifyStreamResponseSchema, WithheldReason } from '../gen/vigil/v1/classify_stream_pb.ts';

/** What tells an answer from a hop without one. */
interface Answer {
  readonly modelVersion?: string;
  readonly probabilities?: number[];
  readonly smoothed?: number[];
  readonly withheld?: { readonly reason: WithheldReason; readonly message: string };
}
export type StreamMessage = MessageInitShape<typeof ClassifyStreamResponseSchema>;

/** What every result tells, answered or not. */
export function toResult(
  hop: Hop,
  { level, changed }: LevelStep,
  levelNames: readonly string[],
  skipped: number,
  answer: Answer,
): StreamMessage {
  const value = {
    windowEndUs: BigInt(hop.endUs),
    level: levelNames[level] ?? '',
    levelChanged: changed,
    coverage: hop.coverage,
    interpolatedValues: hop.interpolated,
    frames: toCounts(hop.frames),
    skippedHops: BigInt(skipped),
    ...answer,
  };
  return { message: { case: 'result', value } };
}

const toCounts = ({
  accepted,
  late,
  duplicate,
}: FrameCounts): { accepted: bigint; late: bigint; duplicate: bigint } => ({
  accepted: BigInt(accepted),
  late: BigInt(late),
  duplicate: BigInt(duplicate),
});

const seconds = (us: number): string => `${(us / 1e6).toFixed(3)} s`;

/** Why a hop that holds no window has no answer. */
export function withheldBy(
  hop: Exclude<Hop, { kind: 'window' }>,
  settings: StreamSettings,
  { channelNames }: BundleManifest,
): Answer {
  if (hop.kind === 'gap')
    return { withheld: { reason: WithheldReason.MISSING_DATA, message: missing(hop.gap) } };
  const reason = hop.direction === 'forward' ? WithheldReason.CLOCK_FORWARD : WithheldReason.CLOCK_BACK;
  const jump = `times jumped ${hop.direction} by ${seconds(hop.jumpUs)}`;
  const message = `${jump}, more than a window (${seconds(settings.windowUs)}): it begins anew`;
  return { withheld: { reason, message } };

  function missing({ channel, us }: Gap): string {
    const name = `channel ${channel} (${channelNames[channel]})`;
    if (us === Number.POSITIVE_INFINITY) return `${name} has no value in the window`;
    return `${name} has a gap of ${seconds(us)} or more; at most ${seconds(settings.maxGapUs)} is interpolated`;
  }
}

/** Why a window has no answer that should have one; undefined for errors that end the stream. */
export function withheldFor(error: VigilError): Answer | undefined {
  const { code, kind, message } = error;
  if (code === 'SHUTTING_DOWN') return undefined;
  if (kind === 'unavailable') return { withheld: { reason: WithheldReason.ENGINE_UNAVAILABLE, message } };
  if (kind === 'exhausted') return { withheld: { reason: WithheldReason.OVERLOADED, message } };
  return undefined;
}
