import { VigilError } from '../../src/errors.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import type { FrameBatch } from '../gen/vigil/v1/classify_stream_pb.ts';

/** Frames of one message: event times in microseconds, values `[frames, channels]` with NaN where one is missing. */
export interface Frames {
  readonly times: Float64Array;
  readonly values: Float32Array;
}

const MOST = BigInt(Number.MAX_SAFE_INTEGER);

const invalid = (field: string, found: string, allowed: string): VigilError =>
  VigilError.field(field, found, allowed, 'TENSOR_INVALID');

/** Checks a message of frames; FIELD_INVALID or TENSOR_INVALID names the frame and the channel that are wrong. */
export function toFrames({ timestampsUs, values: data }: FrameBatch, model: BundleManifest): Frames {
  const times = Float64Array.from(timestampsUs, (time, frame) => {
    if (time >= 0n && time <= MOST) return Number(time);
    throw VigilError.field(`frames.timestamps_us[${frame}]`, `${time}`, `0 to ${MOST} microseconds`);
  });
  const values = valuesOf(data, times.length, model);
  const at = values.findIndex(
    (value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY,
  );
  if (at < 0) return { times, values };
  const channel = at % model.channels;
  const place = `frame ${Math.floor(at / model.channels)}, channel ${channel} (${model.channelNames[channel]})`;
  throw invalid('frames.values', `${values[at]} at ${place}`, 'finite numbers, or NaN for a missing value');
}

function valuesOf(data: FrameBatch['values'], frames: number, { channels }: BundleManifest): Float32Array {
  const elements = frames * channels;
  const of = `${frames} frames x ${channels} channels`;
  switch (data.case) {
    case 'raw': {
      const { buffer, byteOffset, byteLength } = data.value;
      if (byteLength !== elements * 4)
        throw invalid('frames.raw', `${byteLength} bytes`, `${elements * 4} bytes (${of} x 4)`);
      if (byteOffset % 4 === 0) return new Float32Array(buffer as ArrayBuffer, byteOffset, elements);
      return new Float32Array(Uint8Array.from(data.value).buffer);
    }
    case 'floats': {
      const { values } = data.value;
      if (values.length === elements) return Float32Array.from(values);
      throw invalid('frames.floats.values', `${values.length} values`, `${elements} (${of})`);
    }
    default:
      if (frames === 0) return new Float32Array(0);
      throw invalid('frames.values', 'frames without values', `raw bytes or floats, ${of}`);
  }
}
