/**
 * Convolutions as matrix products. Activations lie by position, `[height*width*batch, channels]`; a Gather of row ids
 * makes the patches, which the forward pass and the filter gradient share; the input gradient goes by stride phases, so
 * that no multiplication by an inserted zero is ever done. With one input channel the patches lie tap by tap,
 * `[taps, positions*batch]`: a Gather then moves whole runs of the batch instead of single values.
 */
import type { Emitter, Place } from '../emitter.ts';
import { POSITIONS, rowMajor } from '../layout.ts';
import { type Geometry, inputGradientPhases, patchRows, patchSources } from './convolution-geometry.ts';
import type { ConvolutionLowering } from './convolution-lowering.ts';

const taps = (g: Geometry): number => g.kernelHeight * g.kernelWidth;
const pixels = (g: Geometry): number => g.height * g.width;
const positions = (g: Geometry): number => g.outHeight * g.outWidth;

/** Rows with one row of zeros after the last, which taps in the padding point at. */
function withZeroRow(emit: Emitter, rows: string, columns: number): string {
  return emit.op('Concat', [rows, emit.floats(new Float32Array(columns), [1, columns])], { axis: 0 });
}

/** `[kh*kw*inputs, outputs]` */
function filterMatrix(emit: Emitter, filter: number, g: Geometry): string {
  return emit.as(filter, [taps(g) * g.inputs, g.outputs]);
}

/** `[positions*batch, outputs]` */
function outputRows(emit: Emitter, dy: number, g: Geometry): string {
  return emit.laid(dy, POSITIONS, [positions(g) * g.batch, g.outputs]);
}

/** `[positions*batch, taps*inputs]`, or with one channel `[taps, positions*batch]`. */
function patches(emit: Emitter, x: number, g: Geometry): string {
  if (g.inputs === 1) {
    const rows = withZeroRow(emit, emit.laid(x, POSITIONS, [pixels(g), g.batch]), g.batch);
    const ids = emit.int32s(tapMajor(patchRows(g, 1), taps(g)), [taps(g), positions(g)]);
    const gathered = emit.op('Gather', [rows, ids], { axis: 0 });
    return emit.reshape(gathered, [taps(g), positions(g), g.batch], [taps(g), positions(g) * g.batch]);
  }
  const rows = emit.laid(x, POSITIONS, [pixels(g) * g.batch, g.inputs]);
  if (taps(g) === 1 && pixels(g) === positions(g)) return rows;
  const ids = emit.int32s(patchRows(g, g.batch), [positions(g) * g.batch, taps(g)]);
  const gathered = emit.op('Gather', [withZeroRow(emit, rows, g.inputs), ids], { axis: 0 });
  const shape = [positions(g) * g.batch, taps(g), g.inputs];
  return emit.reshape(gathered, shape, [positions(g) * g.batch, taps(g) * g.inputs]);
}

/** Turns `[positions, taps]` into `[taps, positions]`. */
function tapMajor(rows: Int32Array, width: number): Int32Array {
  const height = rows.length / width;
  return Int32Array.from(rows, (_, at) => rows[(at % height) * width + Math.floor(at / height)]!);
}

function product(emit: Emitter, a: string, b: string, transA: boolean, transB = false): string {
  if (!transA && !transB) return emit.op('MatMul', [a, b]);
  return emit.op('Gemm', [a, b], { transA: transA ? 1 : 0, transB: transB ? 1 : 0 });
}

/** Few channels: the gradient of all patches, tap by tap; then for every pixel the sum of the elements it went into. */
function byElements(emit: Emitter, dy: number, filter: number, g: Geometry): string {
  const columns = g.inputs * g.batch;
  const [count, places] = [taps(g), positions(g)];
  // [taps*inputs, positions*batch]; with one channel these are runs of the batch already.
  const gradient = product(emit, filterMatrix(emit, filter, g), outputRows(emit, dy, g), false, true);
  const apart = [count, g.inputs, places, g.batch];
  const split = emit.reshape(gradient, [count * g.inputs, places * g.batch], apart);
  const runs = g.inputs === 1 ? split : emit.op('Transpose', [split], { perm: [0, 2, 3, 1] });
  const flat = emit.reshape(runs, [count, places, g.batch, g.inputs], [count * places, columns]);
  const { sources, reach } = patchSources(g);
  const ids = emit.int32s(sources, [reach, pixels(g)]);
  const gathered = emit.op('Gather', [withZeroRow(emit, flat, columns), ids], { axis: 0 });
  const rows = emit.reshape(gathered, [reach, pixels(g), columns], [reach, pixels(g) * columns]);
  return emit.op('ReduceSum', [rows, emit.int64s([0])], { keepdims: 0 });
}

/** `[height*width*batch, inputs]` */
function byPhases(emit: Emitter, dy: number, filter: number, g: Geometry): string {
  const rows = withZeroRow(emit, outputRows(emit, dy, g), g.outputs);
  // [taps, outputs, inputs]: the filter turned once, of which each phase takes its taps.
  const turned = emit.op('Transpose', [emit.as(filter, [taps(g), g.inputs, g.outputs])], { perm: [0, 2, 1] });
  const order: number[] = [];
  const parts = inputGradientPhases(g).map((phase) => {
    order.push(...phase.pixels);
    const count = phase.taps.length;
    const height = phase.pixels.length * g.batch;
    if (count === 0) return emit.floats(new Float32Array(height * g.inputs), [height, g.inputs]);
    const gathered = emit.op('Gather', [rows, emit.int32s(phase.rows, [height, count])], { axis: 0 });
    const columns = emit.reshape(gathered, [height, count, g.outputs], [height, count * g.outputs]);
    const chosen = emit.op('Gather', [turned, emit.int32s(phase.taps, [count])], { axis: 0 });
    const matrix = emit.reshape(chosen, [count, g.outputs, g.inputs], [count * g.outputs, g.inputs]);
    return emit.op('MatMul', [columns, matrix]);
  });
  if (parts.length === 1) return parts[0]!;
  // Back to the order of pixels, in runs of a pixel's whole batch.
  const place = new Int32Array(order.length);
  order.forEach((pixel, at) => {
    place[pixel] = at;
  });
  const run = g.batch * g.inputs;
  const stacked = emit.op('Concat', parts, { axis: 0 });
  const runs = emit.reshape(stacked, [pixels(g) * g.batch, g.inputs], [pixels(g), run]);
  const natural = emit.op('Gather', [runs, emit.int32s(place, [place.length])], { axis: 0 });
  return emit.reshape(natural, [pixels(g), run], [pixels(g) * g.batch, g.inputs]);
}

/** Below this many input channels a row is too short to be worth a Gather of its own. */
const FEW_CHANNELS = 4;

export const GATHERED: ConvolutionLowering = {
  forward: (emit, x, filter, g, { bias, alpha }): Place => {
    const inputs = [patches(emit, x, g), filterMatrix(emit, filter, g)];
    if (bias !== undefined) inputs.push(emit.as(bias, [g.outputs]));
    const transA = g.inputs === 1 ? 1 : 0;
    const sum = emit.op('Gemm', inputs, { transA, transB: 0 });
    // The runtime makes one node of the two.
    const name = alpha === undefined ? sum : emit.op('LeakyRelu', [sum], { alpha: { float: alpha } });
    return { name, shape: [positions(g) * g.batch, g.outputs], layout: POSITIONS };
  },
  filterGradient: (emit, x, dy, g): Place => {
    const name = product(emit, patches(emit, x, g), outputRows(emit, dy, g), g.inputs !== 1);
    return { name, shape: [taps(g) * g.inputs, g.outputs], layout: rowMajor(4) };
  },
  inputGradient: (emit, dy, filter, g): Place => {
    const lower = g.inputs < FEW_CHANNELS ? byElements : byPhases;
    const shape = [pixels(g) * g.batch, g.inputs];
    const name = lower(emit, dy, filter, g);
    return g.inputs < FEW_CHANNELS
      ? { name, shape: [pixels(g) * g.batch * g.inputs], layout: POSITIONS }
      : { name, shape, layout: POSITIONS };
  },
};
