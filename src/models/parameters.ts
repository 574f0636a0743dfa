/**
 * A network's parameters live in one flat vector, so that Adam is one short chain of elementwise ops and a
 * checkpoint is one array. The layout names every stretch of it.
 */
import { fillUniform, randomKey } from '../random.ts';
import { type Shape, sizeOf } from '../tensor/engine.ts';
import { reshape, split, type Tensor } from '../tensor/ops.ts';

export interface Parameter {
  /** For example `conv1/kernel`. */
  readonly name: string;
  /** Kernels of convolutions are `[height, width, inputs, outputs]`, of dense layers `[inputs, outputs]`. */
  readonly shape: Shape;
}

export type Layout = readonly Parameter[];
export type Weights = Readonly<Record<string, Tensor>>;

/** Number of values in the flat vector. */
export function layoutSize(layout: Layout): number {
  return layout.reduce((total, { shape }) => total + sizeOf(shape), 0);
}

/** Kernel and bias of a convolution. */
export function convolution(
  name: string,
  height: number,
  width: number,
  inputs: number,
  outputs: number,
): Layout {
  return [
    { name: `${name}/kernel`, shape: [height, width, inputs, outputs] },
    { name: `${name}/bias`, shape: [outputs] },
  ];
}

/** Kernel and bias of a dense layer. */
export function dense(name: string, inputs: number, outputs: number): Layout {
  return [
    { name: `${name}/kernel`, shape: [inputs, outputs] },
    { name: `${name}/bias`, shape: [outputs] },
  ];
}

/** Cuts the flat vector into the parameters' tensors, in layout order. */
export function cut(layout: Layout, flat: Tensor): Tensor[] {
  const sizes = layout.map(({ shape }) => sizeOf(shape));
  return split(flat, sizes).map((piece, i) => reshape(piece, [...layout[i]!.shape]));
}

/** Parameters by name. */
export function named(layout: Layout, tensors: readonly Tensor[]): Weights {
  return Object.fromEntries(layout.map(({ name }, i) => [name, tensors[i]!]));
}

/**
 * Glorot uniform initial values [19]: U(-a, a) with a = sqrt(6 / (fanIn + fanOut)), fans counting the kernel's
 * receptive field; biases are 0. A pure function of (seed, network, parameter).
 */
export function initialWeights(layout: Layout, seed: number, network: string): Float32Array {
  const flat = new Float32Array(layoutSize(layout));
  let offset = 0;
  for (const { name, shape } of layout) {
    const size = sizeOf(shape);
    const part = flat.subarray(offset, offset + size);
    offset += size;
    if (shape.length < 2) continue;
    const field = sizeOf(shape.slice(0, -2));
    const limit = Math.sqrt(6 / (field * (shape.at(-2)! + shape.at(-1)!)));
    fillUniform(randomKey(seed, `init/${network}/${name}`), part);
    for (let i = 0; i < size; i++) part[i] = limit * (2 * part[i]! - 1);
  }
  return flat;
}

/** Copies of the named arrays in a flat vector: how weights are stored in files. */
export function nameArrays(
  layout: Layout,
  flat: Float32Array,
): { name: string; shape: Shape; values: Float32Array }[] {
  let offset = 0;
  return layout.map(({ name, shape }) => {
    const values = flat.slice(offset, offset + sizeOf(shape));
    offset += values.length;
    return { name, shape, values };
  });
}

/** The flat vector from named arrays; throws a RangeError that names a parameter that is absent or has another size. */
export function flatten(layout: Layout, arrays: ReadonlyMap<string, Float32Array>): Float32Array {
  const flat = new Float32Array(layoutSize(layout));
  let offset = 0;
  for (const { name, shape } of layout) {
    const values = arrays.get(name);
    const size = sizeOf(shape);
    if (values?.length !== size) {
      throw new RangeError(`parameter ${name} has ${values?.length ?? 'no'} values; its shape is [${shape}]`);
    }
    flat.set(values, offset);
    offset += size;
  }
  return flat;
}
