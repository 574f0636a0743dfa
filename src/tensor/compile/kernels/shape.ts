import { sizeOf } from '../../engine.ts';
import type { DType } from '../graph.ts';
import { isRowMajor, physical, rowMajor, transposed } from '../layout.ts';
import { integers, type Kernel, type KernelTable } from './kernel.ts';

/** Fills the one -1 of a requested shape. */
function resolved(shape: readonly number[], size: number): number[] {
  const known = shape.reduce((product, dimension) => (dimension < 0 ? product : product * dimension), 1);
  return shape.map((dimension) => (dimension < 0 ? size / known : dimension));
}

const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Kernels that move no element: the value keeps its place. */
function view(infer: Kernel['infer'], input = 'x'): Kernel {
  return {
    inputs: [input],
    infer,
    lower: (node, emit) => emit.view(node.outputs[0]!, node.inputs[0]!),
  };
}

export const SHAPE: KernelTable = {
  Identity: view(([x]) => [x!]),
  Reshape: view(([x], attributes) => [
    { shape: resolved(integers(attributes, 'shape'), sizeOf(x!.shape)), dtype: x!.dtype },
  ]),
  ExpandDims: view(([input], attributes) => {
    const shape = [...input!.shape];
    shape.splice(axisOf(Number(attributes.dim), shape.length + 1), 0, 1);
    return [{ shape, dtype: input!.dtype }];
  }, 'input'),
  Transpose: {
    inputs: ['x'],
    infer: ([x], attributes) => [
      { shape: integers(attributes, 'perm').map((axis) => x!.shape[axis]!), dtype: x!.dtype },
    ],
    lower: (node, emit) => {
      const [input, output] = [node.inputs[0]!, node.outputs[0]!];
      const perm = integers(node.attributes, 'perm');
      const { name, shape, layout } = emit.place(input);
      const last = perm.length - 1;
      // Nothing moves here: the value lies as it did, and whoever needs it otherwise converts it.
      if (layout.block === 1 || perm[last] === last) emit.bind(output, name, shape, transposed(layout, perm));
      else emit.bind(output, emit.op('Transpose', [emit.as(input)], { perm }));
    },
  },
  Concat: {
    inputs: 'list',
    infer: (inputs, attributes) => {
      const axis = axisOf(Number(attributes.axis), inputs[0]!.shape.length);
      const length = inputs.reduce((total, input) => total + input.shape[axis]!, 0);
      return [{ shape: inputs[0]!.shape.map((d, i) => (i === axis ? length : d)), dtype: inputs[0]!.dtype }];
    },
    lower: (node, emit) => {
      const output = emit.value(node.outputs[0]!).shape;
      const axis = axisOf(Number(node.attributes.axis), output.length);
      const layouts = node.inputs.filter((id) => !emit.isOpen(id)).map((id) => emit.place(id).layout);
      const moved = layouts.find((layout) => !isRowMajor(layout) && layout.block === 1);
      const layout = moved ?? rowMajor(output.length);
      const names = node.inputs.map((id) => emit.laid(id, layout));
      const at = layout.order.indexOf(axis);
      const joined = names.length === 1 ? names[0]! : emit.op('Concat', names, { axis: at });
      emit.bind(node.outputs[0]!, joined, physical(layout, output), layout);
    },
  },
  SplitV: {
    inputs: ['x'],
    list: true,
    infer: ([x], attributes) => {
      const axis = axisOf(Number(attributes.axis), x!.shape.length);
      return splitSizes(attributes.numOrSizeSplits, x!.shape[axis]!).map((size) => ({
        shape: x!.shape.map((d, i) => (i === axis ? size : d)),
        dtype: x!.dtype,
      }));
    },
    lower: (node, emit) => {
      const rank = emit.value(node.inputs[0]!).shape.length;
      const axis = axisOf(Number(node.attributes.axis), rank);
      const sizes = node.outputs.map((id) => emit.value(id).shape[axis]!);
      const inputs = [emit.as(node.inputs[0]!), emit.int64s(sizes)];
      const names = emit.ops('Split', inputs, sizes.length, { axis });
      for (const [i, id] of node.outputs.entries()) emit.bind(id, names[i]!);
    },
  },
  Slice: {
    inputs: ['x'],
    infer: ([x], attributes) => {
      const begin = integers(attributes, 'begin');
      const size = integers(attributes, 'size');
      return [{ shape: size.map((n, i) => (n === -1 ? x!.shape[i]! - begin[i]! : n)), dtype: x!.dtype }];
    },
    lower: (node, emit) => {
      const begin = integers(node.attributes, 'begin');
      const ends = emit.value(node.outputs[0]!).shape.map((n, i) => n + begin[i]!);
      const { shape } = emit.value(node.inputs[0]!);
      // An axis that stays whole is not named where its end would be that of one batch.
      const axes = emit.options.portable
        ? [...shape.keys()].filter((axis) => begin[axis] !== 0 || ends[axis] !== shape[axis])
        : undefined;
      const of = (all: readonly number[]): string => emit.int64s(axes?.map((axis) => all[axis]!) ?? all);
      const inputs = [emit.as(node.inputs[0]!), of(begin), of(ends)];
      emit.bind(node.outputs[0]!, emit.op('Slice', axes ? [...inputs, emit.int64s(axes)] : inputs));
    },
  },
  PadV2: {
    inputs: ['x'],
    infer: ([x], attributes) => {
      const paddings = attributes.paddings as readonly (readonly [number, number])[];
      return [{ shape: x!.shape.map((d, i) => d + paddings[i]![0] + paddings[i]![1]), dtype: x!.dtype }];
    },
    lower: (node, emit) => {
      const paddings = node.attributes.paddings as readonly (readonly [number, number])[];
      const pads = [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)];
      const value = emit.float(Number(node.attributes.constantValue));
      emit.bind(node.outputs[0]!, emit.op('Pad', [emit.as(node.inputs[0]!), emit.int64s(pads), value]));
    },
  },
  Tile: {
    inputs: ['x'],
    infer: ([x], attributes) => [
      { shape: integers(attributes, 'reps').map((reps, i) => reps * x!.shape[i]!), dtype: x!.dtype },
    ],
    lower: (node, emit) => {
      const reps = emit.int64s(integers(node.attributes, 'reps'));
      emit.bind(node.outputs[0]!, emit.op('Tile', [emit.as(node.inputs[0]!), reps]));
    },
  },
  /** The compiler's own: what multiplying with a constant of ones is. */
  BroadcastTo: {
    inputs: ['x'],
    infer: ([x], attributes) => [{ shape: integers(attributes, 'shape'), dtype: x!.dtype }],
    lower: (node, emit) => {
      const shape = emit.int64s(emit.value(node.outputs[0]!).shape);
      emit.bind(node.outputs[0]!, emit.op('Expand', [emit.as(node.inputs[0]!), shape]));
    },
  },
  Fill: {
    inputs: [],
    infer: (_, attributes) => [
      { shape: integers(attributes, 'shape'), dtype: (attributes.dtype as DType | undefined) ?? 'float32' },
    ],
    lower: (node, emit) => {
      const { shape } = emit.value(node.outputs[0]!);
      const data = new Float32Array(sizeOf(shape)).fill(Number(node.attributes.value));
      emit.bind(node.outputs[0]!, emit.floats(data, shape));
    },
  },
};

/** Sizes of a split given as a number of equal parts or as sizes with at most one -1. */
function splitSizes(parts: unknown, length: number): number[] {
  if (typeof parts === 'number') return Array.from({ length: parts }, () => length / parts);
  const sizes = (parts as readonly number[]).slice();
  const known = sizes.reduce((sum, size) => sum + Math.max(size, 0), 0);
  return sizes.map((size) => (size < 0 ? length - known : size));
}
