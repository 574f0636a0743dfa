/**
 * Convolutions as matrix products. Activations are rows `[batch*height*width, channels]`; a Gather of row ids makes the
 * patches, which the forward pass and the filter gradient share; the input gradient goes by stride phases, so that no
 * multiplication by an inserted zero is ever done.
 */
import type { Shape } from '../../engine.ts';
import type { Emitter } from '../emitter.ts';
import type { Node } from '../graph.ts';
import {
  type Geometry,
  geometryOf,
  inputGradientPhases,
  patchElements,
  patchRows,
} from './convolution-geometry.ts';
import type { Kernel, KernelTable } from './kernel.ts';

/** Rows with one row of zeros after the last, which taps in the padding point at. */
function withZeroRow(emit: Emitter, rows: string, columns: number): string {
  return emit.op('Concat', [rows, emit.floats(new Float32Array(columns), [1, columns])], { axis: 0 });
}

/** `[batch*outHeight*outWidth, kh*kw*inputs]` */
function patches(emit: Emitter, x: number, g: Geometry): string {
  const pixels = g.batch * g.height * g.width;
  const positions = g.batch * g.outHeight * g.outWidth;
  const taps = g.kernelHeight * g.kernelWidth;
  const rows = emit.as(x, [pixels, g.inputs]);
  if (taps === 1 && pixels === positions) return rows;
  const ids = emit.int32s(patchRows(g), [positions, taps]);
  const gathered = emit.op('Gather', [withZeroRow(emit, rows, g.inputs), ids], { axis: 0 });
  return emit.reshape(gathered, [positions, taps, g.inputs], [positions, taps * g.inputs]);
}

/** `[kh*kw*inputs, outputs]` */
function filterMatrix(emit: Emitter, filter: number, g: Geometry): string {
  return emit.as(filter, [g.kernelHeight * g.kernelWidth * g.inputs, g.outputs]);
}

function forward(emit: Emitter, x: number, filter: number, g: Geometry): { name: string; shape: Shape } {
  const name = emit.op('MatMul', [patches(emit, x, g), filterMatrix(emit, filter, g)]);
  return { name, shape: [g.batch * g.outHeight * g.outWidth, g.outputs] };
}

/** Gradient by the filter: patches^T x dy. */
function filterGradient(emit: Emitter, x: number, dy: number, g: Geometry): { name: string; shape: Shape } {
  const rows = emit.as(dy, [g.batch * g.outHeight * g.outWidth, g.outputs]);
  const name = emit.op('Gemm', [patches(emit, x, g), rows], { transA: 1, transB: 0 });
  return { name, shape: [g.kernelHeight * g.kernelWidth * g.inputs, g.outputs] };
}

/** Gradient by the input; also the forward pass of a transposed convolution. `[batch*height*width, inputs]` */
function inputGradient(emit: Emitter, dy: number, filter: number, g: Geometry): string {
  return g.inputs < 4 ? byElements(emit, dy, filter, g) : byPhases(emit, dy, filter, g);
}

/** Few channels: the gradient of all patches, then for every pixel the sum of the elements that it went into. */
function byElements(emit: Emitter, dy: number, filter: number, g: Geometry): string {
  const positions = g.batch * g.outHeight * g.outWidth;
  const taps = g.kernelHeight * g.kernelWidth;
  const rows = emit.as(dy, [positions, g.outputs]);
  const gradient = emit.op('Gemm', [rows, filterMatrix(emit, filter, g)], { transA: 0, transB: 1 });
  const elements = emit.reshape(gradient, [positions, taps * g.inputs], [positions * taps, g.inputs]);
  const { elements: ids, reach } = patchElements(g);
  const pixels = g.batch * g.height * g.width;
  const table = emit.int32s(ids, [pixels, reach]);
  const gathered = emit.op('Gather', [withZeroRow(emit, elements, g.inputs), table], { axis: 0 });
  return emit.op('ReduceSum', [gathered, emit.int64s([1])], { keepdims: 0 });
}

function byPhases(emit: Emitter, dy: number, filter: number, g: Geometry): string {
  const positions = g.batch * g.outHeight * g.outWidth;
  const rows = withZeroRow(emit, emit.as(dy, [positions, g.outputs]), g.outputs);
  const taps = g.kernelHeight * g.kernelWidth;
  // [taps, outputs, inputs]: the filter turned once, of which each phase takes its taps.
  const turned = emit.op('Transpose', [emit.as(filter, [taps, g.inputs, g.outputs])], { perm: [0, 2, 1] });
  const order: number[] = [];
  const parts = inputGradientPhases(g).map((phase) => {
    order.push(...phase.pixels);
    const count = phase.taps.length;
    const pixels = phase.pixels.length;
    if (count === 0) return emit.floats(new Float32Array(pixels * g.inputs), [pixels, g.inputs]);
    const gathered = emit.op('Gather', [rows, emit.int32s(phase.rows, [pixels, count])], { axis: 0 });
    const columns = emit.reshape(gathered, [pixels, count, g.outputs], [pixels, count * g.outputs]);
    const chosen = emit.op('Gather', [turned, emit.int32s(phase.taps, [count])], { axis: 0 });
    const matrix = emit.reshape(chosen, [count, g.outputs, g.inputs], [count * g.outputs, g.inputs]);
    return emit.op('MatMul', [columns, matrix]);
  });
  if (parts.length === 1) return parts[0]!;
  const place = new Int32Array(order.length);
  order.forEach((pixel, at) => {
    place[pixel] = at;
  });
  const stacked = emit.op('Concat', parts, { axis: 0 });
  return emit.op('Gather', [stacked, emit.int32s(place, [place.length])], { axis: 0 });
}

const shapeAttribute = (node: Node, name: string): Shape => node.attributes[name] as Shape;

const conv2d: Kernel = {
  inputs: ['x', 'filter'],
  infer: ([x, filter], attributes) => {
    const g = geometryOf(x!.shape, filter!.shape, attributes);
    return [{ shape: [g.batch, g.outHeight, g.outWidth, g.outputs], dtype: 'float32' }];
  },
  lower: (node, emit) => {
    const [x, filter] = node.inputs as [number, number];
    const g = geometryOf(emit.value(x).shape, emit.value(filter).shape, node.attributes);
    const { name, shape } = forward(emit, x, filter, g);
    emit.bind(node.outputs[0]!, name, shape);
  },
};

export const CONVOLUTION: KernelTable = {
  Conv2D: conv2d,
  Conv2DBackpropFilter: {
    inputs: ['x', 'dy'],
    infer: (_, attributes) => [{ shape: attributes.filterShape as Shape, dtype: 'float32' }],
    lower: (node, emit) => {
      const [x, dy] = node.inputs as [number, number];
      const g = geometryOf(emit.value(x).shape, shapeAttribute(node, 'filterShape'), node.attributes);
      const { name, shape } = filterGradient(emit, x, dy, g);
      emit.bind(node.outputs[0]!, name, shape);
    },
  },
  Conv2DBackpropInput: {
    inputs: ['dy', 'filter'],
    infer: (_, attributes) => [{ shape: attributes.inputShape as Shape, dtype: 'float32' }],
    lower: (node, emit) => {
      const [dy, filter] = node.inputs as [number, number];
      const g = geometryOf(shapeAttribute(node, 'inputShape'), emit.value(filter).shape, node.attributes);
      const name = inputGradient(emit, dy, filter, g);
      emit.bind(node.outputs[0]!, name, [g.batch * g.height * g.width, g.inputs]);
    },
  },
};
