/** Elements of a request's tensor: read from bytes, and checked. */
import { VigilError } from '../../src/errors.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';

/** A tensor that does not fit: TENSOR_INVALID. */
export const invalidTensor = (field: string, found: string, allowed: string): VigilError =>
  VigilError.field(field, found, allowed, 'TENSOR_INVALID');

/** Little-endian float32 bytes as values: in place where they are aligned, a copy where not. A whole number of values. */
export function floatsOf(raw: Uint8Array): Float32Array {
  const { buffer, byteOffset, byteLength } = raw;
  if (byteOffset % 4 === 0) return new Float32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4);
  return new Float32Array(new Uint8Array(raw).buffer);
}

/** TENSOR_INVALID naming row, channel and step of the first of `values`, `[rows, channels, steps]`, that is not finite. */
export function checkFinite(values: Float32Array, field: string, model: BundleManifest): void {
  // One pass without a branch: x - x is 0 for finite numbers, NaN otherwise.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - values[i]!;
  if (sum === 0) return;
  const { channels, steps, channelNames } = model;
  const at = values.findIndex((value) => !Number.isFinite(value));
  const row = Math.floor(at / (channels * steps));
  const channel = Math.floor(at / steps) % channels;
  const place = `row ${row}, channel ${channel} (${channelNames[channel]}), step ${at % steps}`;
  throw invalidTensor(field, `${values[at]} at ${place}`, 'finite numbers');
}
