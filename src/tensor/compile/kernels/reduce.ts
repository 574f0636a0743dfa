import { sizeOf } from '../../engine.ts';
import type { Emitter } from '../emitter.ts';
import type { Attributes, Node, Value } from '../graph.ts';
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

/** True when all axes but a trailing stretch are reduced: the sum is then one row of ones times a matrix. */
function leading(axes: readonly number[], rank: number): boolean {
  return (
    axes.length > 0 && axes.length < rank && [...axes].sort((a, b) => a - b).every((axis, i) => axis === i)
  );
}

function lowerSum(node: Node, emit: Emitter, scale: number): string {
  const input = emit.value(node.inputs[0]!);
  const axes = axesOf(node.attributes, 'axis', input.shape.length);
  const output = emit.value(node.outputs[0]!);
  const columns = sizeOf(output.shape);
  const rows = sizeOf(input.shape) / columns;
  if (leading(axes, input.shape.length)) {
    // A vectorised reduction over rows: BLAS does it faster than ReduceSum over a strided axis.
    const ones = emit.floats(new Float32Array(rows).fill(scale), [1, rows]);
    const sum = emit.op('MatMul', [ones, emit.as(node.inputs[0]!, [rows, columns])]);
    return emit.reshape(sum, [1, columns], output.shape);
  }
  // Axes to reduce go as one constant; keepdims follows the output so that no Reshape is needed.
  const keepdims = node.attributes.keepDims === true ? 1 : 0;
  const sum = emit.op('ReduceSum', [emit.as(node.inputs[0]!), emit.int64s(axes)], { keepdims });
  return scale === 1 ? sum : emit.op('Mul', [sum, emit.float(scale)]);
}

const sum: Kernel = {
  inputs: ['x'],
  infer: ([x], attributes) => [{ shape: reducedShape(x!, attributes, 'axis'), dtype: x!.dtype }],
  lower: (node, emit) => emit.bind(node.outputs[0]!, lowerSum(node, emit, 1)),
};

export const REDUCE: KernelTable = {
  Sum: sum,
  Mean: {
    ...sum,
    lower: (node, emit) => {
      const count = sizeOf(emit.value(node.inputs[0]!).shape) / sizeOf(emit.value(node.outputs[0]!).shape);
      emit.bind(node.outputs[0]!, lowerSum(node, emit, 1 / count));
    },
  },
  Max: {
    inputs: ['x'],
    infer: ([x], attributes) => [
      { shape: reducedShape(x!, attributes, 'reductionIndices'), dtype: x!.dtype },
    ],
    lower: (node, emit) => {
      const { shape } = emit.value(node.inputs[0]!);
      const axes = emit.int64s(axesOf(node.attributes, 'reductionIndices', shape.length));
      const keepdims = node.attributes.keepDims === true ? 1 : 0;
      emit.bind(node.outputs[0]!, emit.op('ReduceMax', [emit.as(node.inputs[0]!), axes], { keepdims }));
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
