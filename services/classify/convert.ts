import type { BundleManifest } from '../../src/registry/manifest.ts';
import type { Tensor } from '../gen/vigil/v1/tensor_pb.ts';
import { checkFinite, floatsOf, invalidTensor as invalid } from './values.ts';

/** Samples ready for the engine: `[rows, channels, steps]`, finite. */
export interface Samples {
  readonly rows: number;
  readonly values: Float32Array;
}

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
  checkFinite(values, 'samples', model);
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
      const { byteLength } = data.value;
      if (byteLength !== elements * 4) {
        const allowed = `${elements * 4} bytes (${elements} x 4) ${of}`;
        throw invalid('samples.raw', `${byteLength} bytes`, allowed);
      }
      return floatsOf(data.value);
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
