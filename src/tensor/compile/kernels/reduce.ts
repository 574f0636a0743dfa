import { type Layout, sizeOf } from '../../engine.ts';
import type { Emitter } from '../emitter.ts';
import type { Attributes, Node, Value } from '../graph.ts';
import { POSITIONS, physical, rowMajor } from '../layout.ts';
import { integers, type Kernel, type KernelTable } from './kernel.ts';

function axesOf(attributes: Attributes, name: string, rank: number): number[] {
  const value = attributes[name];
  if (value === undefined || value === null) return Array.from({ length: rank }, (_, axis) => axis);
  return integers(attributes, name).map((axis) => (axis < 0 ? axis + rank : axis));
}

function reducedShape(input: Value, attributes: Attributes, attribute: string): number[] {
  const axes = new Set(axesOf(attributes, attribute, input.shape.length));
  const keep = attributes.keepDims === true;
  return input.shape.flatMap((dimension, axis) => (axes.has(axis) ? (keep ? [1] : []) : [dimension]));
}

/** True when the reduced axes are the outermost in memory: the sum is then one row of ones times a matrix. */
function leading(axes: readonly number[], rank: number): boolean {
  return (
    axes.length > 0 && axes.length < rank && axes.toSorted((a, b) => a - b).every((axis, i) => axis === i)
  );
}

/** A layout to reduce in: the value's own, as long as what is left of it can be said. */
function reducible(found: Layout, axes: readonly number[], rank: number): Layout {
  if (found.block === 1) return found;
  if (axes.includes(rank - 1)) return rowMajor(rank);
  // Down to the channels: by position, where a filter gradient wants the value too, that is one matrix product.
  return axes.length === rank - 1 && rank === 4 ? POSITIONS : found;
}

/** The layout of what is left. */
function reducedLayout({ order, block }: Layout, axes: readonly number[], keepDims: boolean): Layout {
  if (keepDims) return { order, block };
  const left = order
    .filter((axis) => !axes.includes(axis))
    .map((axis) => axis - axes.filter((gone) => gone < axis).length);
  // Blocks of an axis that nothing lies behind are the axis.
  return { order: left, block: left.at(-1) === left.length - 1 ? 1 : block };
}

function lowerSum(node: Node, emit: Emitter, scaled: boolean): void {
  const [id, result] = [node.inputs[0]!, node.outputs[0]!];
  const input = emit.value(id).shape;
  const output = emit.value(result).shape;
  const axes = axesOf(node.attributes, 'axis', input.length);
  // ONNX takes an empty list of axes for all of them.
  if (axes.length === 0) {
    emit.view(result, id);
    return;
  }
  const columns = sizeOf(output);
  const rows = sizeOf(input) / columns;
  const scale = scaled ? 1 / rows : 1;
  const layout = reducible(emit.place(id).layout, axes, input.length);
  const inMemory = axes.map((axis) => layout.order.indexOf(axis));
  const keepDims = node.attributes.keepDims === true;
  const left = reducedLayout(layout, axes, keepDims);
  if (leading(inMemory, input.length)) {
    // A vectorised reduction over rows: BLAS does it faster than ReduceSum over a strided axis.
    const ones = emit.floats(new Float32Array(rows).fill(scale), [1, rows]);
    const sum = emit.op('MatMul', [ones, emit.laid(id, layout, [rows, columns])]);
    emit.bind(result, sum, [1, columns], left);
    return;
  }
  const dimensions = physical(layout, input);
  const sum = emit.op('ReduceSum', [emit.laid(id, layout, dimensions), emit.int64s(inMemory)], {
    keepdims: keepDims ? 1 : 0,
  });
  const mean = scale === 1 ? sum : emit.op('Mul', [sum, emit.float(scale)]);
  const found = dimensions.flatMap((size, at) => (inMemory.includes(at) ? (keepDims ? [1] : []) : [size]));
  emit.bind(result, mean, found, left);
}

const sum: Kernel = {
  inputs: ['x'],
  infer: ([x], attributes) => [{ shape: reducedShape(x!, attributes, 'axis'), dtype: x!.dtype }],
  lower: (node, emit) => lowerSum(node, emit, false),
};

export const REDUCE: KernelTable = {
  Sum: sum,
  Mean: {
    ...sum,
    lower: (node, emit) => lowerSum(node, emit, true),
  },
  Max: {
    inputs: ['x'],
    infer: ([x], attributes) => [
      { shape: reducedShape(x!, attributes, 'reductionIndices'), dtype: x!.dtype },
    ],
    lower: (node, emit) => {
      const [id, result] = [node.inputs[0]!, node.outputs[0]!];
      const axes = axesOf(node.attributes, 'reductionIndices', emit.value(id).shape.length);
      const keepdims = node.attributes.keepDims === true ? 1 : 0;
      if (axes.length === 0) emit.view(result, id);
      else emit.bind(result, emit.op('ReduceMax', [emit.as(id), emit.int64s(axes)], { keepdims }));
    },
  },
  Softmax: {
    inputs: ['logits'],
    infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    lower: (node, emit) => {
      emit.bind(node.outputs[0]!, emit.op('Softmax', [emit.as(node.inputs[0]!)], { axis: -1 }));
    },
  },
};
