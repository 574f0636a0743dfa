import { ADAM_WASM } from './gen/adam.ts';

/** Byte offsets of the vectors in the memory, each a multiple of 16. */
export interface AdamPlace {
  readonly weights: number;
  readonly moment1: number;
  readonly moment2: number;
  readonly gradient: number;
}

export interface AdamConstants {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** Updates `length` weights and their moments in place; `rate` is the corrected rate. */
export type AdamKernel = (length: number, place: AdamPlace, constants: AdamConstants, rate: number) => void;

type Exported = (
  n: number,
  w: number,
  m: number,
  v: number,
  g: number,
  ...constants: [rate: number, b1: number, c1: number, b2: number, c2: number, epsilon: number]
) => void;

let compiled: WebAssembly.Module | undefined;

/**
 * Adam as one pass over four vectors that live in `memory`: a chain of ONNX or TensorFlow ops makes ten. Vectors are
 * padded to a multiple of 4 values; the padding is updated too and must be initialised.
 */
export function openAdam(memory: WebAssembly.Memory): AdamKernel {
  compiled ??= new WebAssembly.Module(Buffer.from(ADAM_WASM, 'base64'));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const adam = exports.adam as Exported;
  return (length, { weights, moment1, moment2, gradient }, { beta1, beta2, epsilon }, rate) => {
    const n = Math.ceil(length / 4) * 4;
    adam(n, weights, moment1, moment2, gradient, rate, beta1, 1 - beta1, beta2, 1 - beta2, epsilon);
  };
}
