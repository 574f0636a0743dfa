import { VigilError } from '../../src/errors.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import type { Tensor } from '../gen/vigil/v1/tensor_pb.ts';

/** Samples ready for the engine: `[rows, channels, steps]`, finite. */
export interface Samples {
  readonly rows: number;
  readonly values: Float32Array;
}

const invalid = (field: string, found: string, allowed: string): VigilError =>
  VigilError.field(field, found, allowed, 'TENSOR_INVALID');

/**
 * Checks a request's tensor against the model and the most rows of a call; TENSOR_INVALID names the part of `samples`
 * that is wrong.
 */
export function toSamples(tensor: Tensor | undefined, model: BundleManifest, maxRows: number): Samples {
  if (!tensor) throw invalid('samples', 'nothing', 'a tensor');
  const rows = rowsOf(tensor.shape, model);
  if (rows > maxRows)
    throw invalid('samples.shape', `${rows} rows`, `at most ${maxRows} in a call (VIGIL_MAX_ROWS_PER_CALL)`);
  const elements = rows * model.channels * model.steps;
  const values = valuesOf(tensor, elements, model);
  // One pass without a branch: x - x is 0 for finite numbers, NaN otherwise.
  let sum = 0;
  for (let i = 0; i < elements; i++) sum += values[i]! - values[i]!;
  if (sum !== 0) throw notFinite(values, model);
  return { rows, values };
}

function rowsOf(shape: readonly bigint[], { channels, steps }: BundleManifest): number {
  const rows = shape.length === 2 ? 1n : (shape[0] ?? 0n);
  const sample = shape.slice(-2);
  const fits = (shape.length === 2 || shape.length === 3) && rows >= 1n && rows <= 2n ** 31n;
  if (!fits || sample[0] !== BigInt(channels) || sample[1] !== BigInt(steps)) {
    const allowed = `[rows, ${channels}, ${steps}] with rows of at least 1, or [${channels}, ${steps}]`;
    throw invalid('samples.shape', `[${shape.join(', ')}]`, allowed);
  }
  return Number(rows);
}

function valuesOf({ data, shape }: Tensor, elements: number, model: BundleManifest): Float32Array {
  const of = `for shape [${shape.join(', ')}]`;
  switch (data.case) {
    case 'raw': {
      const { buffer, byteOffset, byteLength } = data.value;
      if (byteLength !== elements * 4) {
        const allowed = `${elements * 4} bytes (${elements} x 4) ${of}`;
        throw invalid('samples.raw', `${byteLength} bytes`, allowed);
      }
      if (byteOffset % 4 === 0) return new Float32Array(buffer as ArrayBuffer, byteOffset, elements);
      return new Float32Array(Uint8Array.from(data.value).buffer);
    }
    case 'floats': {
      const { values } = data.value;
      if (values.length === elements) return Float32Array.from(values);
      throw invalid('samples.floats.values', `${values.length} values`, `${elements} ${of}`);
    }
    default: {
      const names = `${model.channels} x ${model.steps}`;
      throw invalid('samples', 'a tensor without data', `raw bytes or floats, ${names} values a row`);
    }
  }
}

function notFinite(values: Float32Array, { channels, steps, channelNames }: BundleManifest): VigilError {
  const at = values.findIndex((value) => !Number.isFinite(value));
  const row = Math.floor(at / (channels * steps));
  const channel = Math.floor(at / steps) % channels;
  const place = `row ${row}, channel ${channel} (${channelNames[channel]}), step ${at % steps}`;
  return invalid('samples', `${values[at]} at ${place}`, 'finite numbers');
}
