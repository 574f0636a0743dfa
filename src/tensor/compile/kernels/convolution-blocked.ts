/**
 * Convolutions on the runtime's own blocked layout, `[batch, channels/block, height, width, block]`: its direct
 * convolutions read activations where they lie, without patches. The input gradient is one such convolution for each
 * stride phase. The filter gradient needs patches all the same and is gathered, and so is whatever does not divide into
 * blocks. The block is the processor's: it is asked for, never assumed.
 */
import type { Emitter, Place } from '../emitter.ts';
import { blocked } from '../layout.ts';
import { GATHERED } from './convolution-gathered.ts';
import type { Geometry } from './convolution-geometry.ts';
import type { ConvolutionLowering, Epilogue } from './convolution-lowering.ts';

/** Domain of the runtime's operators on this layout. */
export const NCHWC = 'com.microsoft.nchwc';

const divides = (block: number, channels: number): boolean => block > 1 && channels % block === 0;

/** Rows and columns of padding after the last. */
function after(g: Geometry): [number, number] {
  return [
    Math.max(0, (g.outHeight - 1) * g.strideHeight + g.kernelHeight - g.height - g.padTop),
    Math.max(0, (g.outWidth - 1) * g.strideWidth + g.kernelWidth - g.width - g.padLeft),
  ];
}

/** `[kh, kw, inputs, outputs]` to `[outputs/block, inputs/block, kh, kw, block, block]`, declared `[outputs, inputs, kh, kw]`. */
function blockFilter(emit: Emitter, filter: number, g: Geometry, block: number): string {
  const taps = g.kernelHeight * g.kernelWidth;
  const inner = g.inputs % block === 0 ? block : 1;
  const cut = [taps, g.inputs / inner, inner, g.outputs / block, block];
  return emit.permute(
    emit.as(filter, cut),
    cut,
    [3, 1, 0, 2, 4],
    [g.outputs, g.inputs, g.kernelHeight, g.kernelWidth],
  );
}

function forward(emit: Emitter, x: number, filter: number, g: Geometry, { bias, alpha }: Epilogue): Place {
  const { block } = emit.options;
  const layout = blocked(block);
  // Fewer channels than a block are read as they are, [batch, channels, height, width].
  const input = g.inputs < block ? blocked(1) : layout;
  const inputs = [
    emit.laid(x, input, [g.batch, g.inputs, g.height, g.width]),
    blockFilter(emit, filter, g, block),
    ...(bias === undefined ? [] : [emit.as(bias, [g.outputs])]),
  ];
  const name = emit.op(
    'Conv',
    inputs,
    {
      strides: [g.strideHeight, g.strideWidth],
      pads: [g.padTop, g.padLeft, ...after(g)],
      kernel_shape: [g.kernelHeight, g.kernelWidth],
      ...(alpha === undefined ? {} : { activation: 'LeakyRelu', activation_params: { floats: [alpha] } }),
    },
    NCHWC,
  );
  return { name, shape: [g.batch, g.outputs, g.outHeight, g.outWidth], layout };
}

/** Taps of one stride phase along an axis, in the order of the output rows that they reach. */
interface PhaseAxis {
  readonly taps: readonly number[];
  /** Padding of the phase's convolution; negative where it would have to crop. */
  readonly before: number;
  readonly after: number;
}

function phaseAxis(
  phase: number,
  stride: number,
  kernel: number,
  pad: number,
  outputs: number,
  size: number,
): PhaseAxis {
  const reached = Array.from({ length: kernel }, (_, tap) => ({ tap, shift: (phase + pad - tap) / stride }))
    .filter(({ shift }) => Number.isInteger(shift))
    .sort((a, b) => a.shift - b.shift);
  const before = -(reached[0]?.shift ?? 0);
  return {
    taps: reached.map(({ tap }) => tap),
    before,
    after: Math.ceil(size / stride) - outputs + reached.length - 1 - before,
  };
}

/** Phases along both axes, or undefined where one of them is not a plain convolution. */
function phases(g: Geometry): { rows: PhaseAxis[]; columns: PhaseAxis[] } | undefined {
  const along = (stride: number, kernel: number, pad: number, outputs: number, size: number): PhaseAxis[] =>
    Array.from({ length: stride }, (_, phase) => phaseAxis(phase, stride, kernel, pad, outputs, size));
  const rows = along(g.strideHeight, g.kernelHeight, g.padTop, g.outHeight, g.height);
  const columns = along(g.strideWidth, g.kernelWidth, g.padLeft, g.outWidth, g.width);
  const plain = [...rows, ...columns].every(
    ({ taps, before, after: rest }) => taps.length > 0 && before >= 0 && rest >= 0,
  );
  return plain ? { rows, columns } : undefined;
}

/**
 * The filter turned, in blocks, of some taps: `[inputs/block, outputs/block, taps, block of outputs, block of inputs]`.
 * `matrix` is the filter as `[outputs, taps * inputs]`.
 */
function phaseFilter(
  emit: Emitter,
  matrix: string,
  g: Geometry,
  block: number,
  taps: readonly number[],
): string {
  const [inputs, outputs] = [g.inputs / block, g.outputs / block];
  const all = g.kernelHeight * g.kernelWidth;
  // Rows of `block` inputs, by output, tap and block of inputs.
  const rows = Int32Array.from({ length: inputs * g.outputs * taps.length }, (_, at) => {
    const output = at % block;
    const tap = taps[Math.floor(at / block) % taps.length]!;
    const outer = Math.floor(at / block / taps.length) % outputs;
    const input = Math.floor(at / block / taps.length / outputs);
    return ((outer * block + output) * all + tap) * inputs + input;
  });
  const lines = emit.reshape(matrix, [g.outputs, all * g.inputs], [g.outputs * all * inputs, block]);
  return emit.op('Gather', [lines, emit.int32s(rows, [rows.length])], { axis: 0 });
}

function inputGradient(emit: Emitter, dy: number, filter: number, g: Geometry): Place | undefined {
  const { block } = emit.options;
  const found = phases(g);
  if (!found || !divides(block, g.inputs) || !divides(block, g.outputs)) return undefined;
  const { rows, columns } = found;
  const whole = [g.kernelHeight * g.kernelWidth * g.inputs, g.outputs];
  const matrix = emit.op('Transpose', [emit.as(filter, whole)], { perm: [1, 0] });
  const source = emit.laid(dy, blocked(block), [g.batch, g.outputs, g.outHeight, g.outWidth]);
  const [height, width] = [Math.ceil(g.height / g.strideHeight), Math.ceil(g.width / g.strideWidth)];
  const outer = (g.batch * g.inputs) / block;
  const stacked = rows.map((row) => {
    const parts = columns.map((column) => {
      const taps = row.taps.flatMap((a) => column.taps.map((b) => a * g.kernelWidth + b));
      const chosen = phaseFilter(emit, matrix, g, block, taps);
      const cut = [(g.inputs * g.outputs * taps.length) / block, block];
      const shape = [g.inputs, g.outputs, row.taps.length, column.taps.length];
      const part = emit.op(
        'Conv',
        [source, emit.reshape(chosen, cut, shape)],
        {
          strides: [1, 1],
          pads: [row.before, column.before, row.after, column.after],
          kernel_shape: [row.taps.length, column.taps.length],
        },
        NCHWC,
      );
      return emit.reshape(part, [g.batch, g.inputs, height, width], [outer * height * width, block]);
    });
    // Columns of the phases alternate, then rows.
    const line = parts.length === 1 ? parts[0]! : emit.op('Concat', parts, { axis: 1 });
    const run = width * g.strideWidth * block;
    return emit.reshape(line, [outer * height * width, g.strideWidth * block], [outer * height, run]);
  });
  const [tall, wide] = [height * g.strideHeight, width * g.strideWidth];
  const joined = stacked.length === 1 ? stacked[0]! : emit.op('Concat', stacked, { axis: 1 });
  const image = emit.reshape(
    joined,
    [outer * height, g.strideHeight * wide * block],
    [outer, tall, wide, block],
  );
  const fits = tall === g.height && wide === g.width;
  const ends = emit.int64s([g.height, g.width]);
  const name = fits ? image : emit.op('Slice', [image, emit.int64s([0, 0]), ends, emit.int64s([1, 2])]);
  return { name, shape: [outer, g.height, g.width, block], layout: blocked(block) };
}

export const BLOCKED: ConvolutionLowering = {
  forward: (emit, x, filter, g, epilogue) => {
    const { block } = emit.options;
    const readable = g.inputs < block || divides(block, g.inputs);
    return divides(block, g.outputs) && readable
      ? forward(emit, x, filter, g, epilogue)
      : GATHERED.forward(emit, x, filter, g, epilogue);
  },
  filterGradient: GATHERED.filterGradient,
  inputGradient: (emit, dy, filter, g) =>
    inputGradient(emit, dy, filter, g) ?? GATHERED.inputGradient(emit, dy, filter, g),
};
