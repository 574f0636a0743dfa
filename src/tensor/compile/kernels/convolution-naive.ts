import type { Layout } from '../../engine.ts';
/**
 * Convolutions as ONNX has them: Conv, ConvTranspose, and for the filter gradient a Conv with batch and channels
 * exchanged. Slower than gathering, and written quite differently: the check on it.
 */
import { physical } from '../layout.ts';
import type { Geometry } from './convolution-geometry.ts';
import type { ConvolutionLowering } from './convolution-lowering.ts';

/** `[batch, channels, height, width]` of a value `[batch, height, width, channels]`. */
const CHANNELS_FIRST: Layout = { order: [0, 3, 1, 2], block: 1 };
/** `[channels, batch, height, width]` */
const CHANNELS_THEN_BATCH: Layout = { order: [3, 0, 1, 2], block: 1 };
/** `[outputs, inputs, kh, kw]` of a filter `[kh, kw, inputs, outputs]`. */
const FILTER: Layout = { order: [3, 2, 0, 1], block: 1 };
/** `[inputs, outputs, kh, kw]`, as the filter gradient comes. */
const FILTER_GRADIENT: Layout = { order: [2, 3, 0, 1], block: 1 };

/** Rows and columns of padding after the last, negative where a stride leaves some unread. */
function after(g: Geometry): [number, number] {
  return [
    (g.outHeight - 1) * g.strideHeight + g.kernelHeight - g.height - g.padTop,
    (g.outWidth - 1) * g.strideWidth + g.kernelWidth - g.width - g.padLeft,
  ];
}

export const NAIVE: ConvolutionLowering = {
  forward: (emit, x, filter, g, { bias, alpha }) => {
    const pads = [g.padTop, g.padLeft, ...after(g).map((pad) => Math.max(0, pad))];
    const inputs = [emit.laid(x, CHANNELS_FIRST), emit.laid(filter, FILTER)];
    if (bias !== undefined) inputs.push(emit.as(bias, [g.outputs]));
    const sum = emit.op('Conv', inputs, { strides: [g.strideHeight, g.strideWidth], pads });
    const name = alpha === undefined ? sum : emit.op('LeakyRelu', [sum], { alpha: { float: alpha } });
    const shape = physical(CHANNELS_FIRST, [g.batch, g.outHeight, g.outWidth, g.outputs]);
    return { name, shape, layout: CHANNELS_FIRST };
  },
  filterGradient: (emit, x, dy, g) => {
    const pads = [g.padTop, g.padLeft, ...after(g).map((pad) => Math.max(0, pad))];
    const inputs = [emit.laid(x, CHANNELS_THEN_BATCH), emit.laid(dy, CHANNELS_THEN_BATCH)];
    // Strides of the forward pass become dilations; rows that a stride left unread make the result too large.
    const found = emit.op('Conv', inputs, { dilations: [g.strideHeight, g.strideWidth], pads });
    const shape = physical(FILTER_GRADIENT, [g.kernelHeight, g.kernelWidth, g.inputs, g.outputs]);
    const ends = emit.int64s([g.kernelHeight, g.kernelWidth]);
    const whole = after(g).every((pad) => pad >= 0);
    const name = whole ? found : emit.op('Slice', [found, emit.int64s([0, 0]), ends, emit.int64s([2, 3])]);
    return { name, shape, layout: FILTER_GRADIENT };
  },
  inputGradient: (emit, dy, filter, g) => {
    const pads = [g.padTop, g.padLeft, ...after(g).map((pad) => Math.max(0, pad))];
    const attributes = {
      strides: [g.strideHeight, g.strideWidth],
      pads,
      output_padding: after(g).map((pad) => Math.max(0, -pad)),
    };
    const inputs = [emit.laid(dy, CHANNELS_FIRST), emit.laid(filter, FILTER)];
    const name = emit.op('ConvTranspose', inputs, attributes);
    const shape = physical(CHANNELS_FIRST, [g.batch, g.height, g.width, g.inputs]);
    return { name, shape, layout: CHANNELS_FIRST };
  },
};
