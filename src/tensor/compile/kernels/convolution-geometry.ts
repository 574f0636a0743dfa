/** The integers of a 2D convolution: `[batch, height, width, inputs]` * `[kh, kw, inputs, outputs]`. */
import * as tf from '@tensorflow/tfjs';
import { VigilError } from '../../../errors.ts';
import type { Shape } from '../../engine.ts';
import type { Attributes } from '../graph.ts';

export interface Geometry {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inputs: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outputs: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/**
 * From the kernel's own attributes. Layout NHWC and dilation 1 are all that the networks use. Errors: KERNEL_UNSUPPORTED
 * for others; they appear in the forward pass first.
 */
export function geometryOf(input: Shape, filter: Shape, attributes: Attributes): Geometry {
  const { strides, pad, dataFormat, dilations, dimRoundingMode } = attributes;
  if (dataFormat !== undefined && dataFormat !== 'NHWC') throw unsupported('dataFormat', dataFormat, 'NHWC');
  const dilation = Array.isArray(dilations) ? dilations : [dilations ?? 1];
  if (dilation.some((step) => step !== 1)) throw unsupported('dilations', dilation, '1');
  const info = tf.backend_util.computeConv2DInfo(
    input as [number, number, number, number],
    filter as [number, number, number, number],
    strides as number | [number, number],
    1,
    pad as 'same' | 'valid',
    dimRoundingMode as 'floor' | undefined,
  );
  return {
    batch: info.batchSize,
    height: info.inHeight,
    width: info.inWidth,
    inputs: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outputs: info.outChannels,
    kernelHeight: info.filterHeight,
    kernelWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}

function unsupported(attribute: string, found: unknown, allowed: string): VigilError {
  const message = `kernel Conv2D with ${attribute} [${found}] has no lowering to ONNX; allowed: ${allowed}`;
  return new VigilError('KERNEL_UNSUPPORTED', message, { metadata: { kernel: 'Conv2D', attribute } });
}

/**
 * Row ids for im2col: for every output position, every sample of `batch` and every tap, the row of
 * `[height*width*batch, inputs]` under that tap, or the row of zeros that follows the last.
 * `[outHeight*outWidth*batch, kh*kw]`
 */
export function patchRows(g: Geometry, batch: number): Int32Array {
  const taps = g.kernelHeight * g.kernelWidth;
  const rows = new Int32Array(g.outHeight * g.outWidth * batch * taps);
  const zero = g.height * g.width * batch;
  let at = 0;
  for (let i = 0; i < g.outHeight; i++) {
    for (let j = 0; j < g.outWidth; j++) {
      for (let n = 0; n < batch; n++) {
        for (let a = 0; a < g.kernelHeight; a++) {
          const y = i * g.strideHeight + a - g.padTop;
          for (let b = 0; b < g.kernelWidth; b++) {
            const x = j * g.strideWidth + b - g.padLeft;
            const inside = y >= 0 && y < g.height && x >= 0 && x < g.width;
            rows[at++] = inside ? (y * g.width + x) * batch + n : zero;
          }
        }
      }
    }
  }
  return rows;
}

/** One stride phase of the input gradient: which taps reach its pixels, and the output rows under them. */
export interface Phase {
  /** Tap numbers a * kw + b, in the order of the columns of `rows`. */
  readonly taps: Int32Array;
  /** `[pixels*batch, taps]`, rows of `[outHeight*outWidth*batch, outputs]`, or the row of zeros after the last. */
  readonly rows: Int32Array;
  /** The pixels of the phase, of `[height*width]`. */
  readonly pixels: Int32Array;
}

/** The phases together cover every input pixel once. A phase that no tap reaches has no taps. */
export function inputGradientPhases(g: Geometry): Phase[] {
  const phases: Phase[] = [];
  for (let py = 0; py < Math.min(g.strideHeight, g.height); py++) {
    for (let px = 0; px < Math.min(g.strideWidth, g.width); px++) phases.push(phaseOf(g, py, px));
  }
  return phases;
}

function phaseOf(g: Geometry, py: number, px: number): Phase {
  const taps: { a: number; b: number }[] = [];
  for (let a = 0; a < g.kernelHeight; a++) {
    if ((((py + g.padTop - a) % g.strideHeight) + g.strideHeight) % g.strideHeight !== 0) continue;
    for (let b = 0; b < g.kernelWidth; b++) {
      if ((((px + g.padLeft - b) % g.strideWidth) + g.strideWidth) % g.strideWidth === 0) taps.push({ a, b });
    }
  }
  const rows: number[] = [];
  const pixels: number[] = [];
  const zero = g.outHeight * g.outWidth * g.batch;
  for (let y = py; y < g.height; y += g.strideHeight) {
    for (let x = px; x < g.width; x += g.strideWidth) {
      pixels.push(y * g.width + x);
      const under = taps.map(({ a, b }) => {
        const i = (y + g.padTop - a) / g.strideHeight;
        const j = (x + g.padLeft - b) / g.strideWidth;
        return i >= 0 && i < g.outHeight && j >= 0 && j < g.outWidth ? (i * g.outWidth + j) * g.batch : -1;
      });
      for (let n = 0; n < g.batch; n++) for (const row of under) rows.push(row < 0 ? zero : row + n);
    }
  }
  return {
    taps: Int32Array.from(taps, ({ a, b }) => a * g.kernelWidth + b),
    rows: Int32Array.from(rows),
    pixels: Int32Array.from(pixels),
  };
}

/**
 * For inputs of few channels: for every input pixel, the elements of `[taps, positions]` (where the gradients of the
 * patches lie) that add up to its gradient. `[reach, pixels]`, padded with the zero after the last.
 */
export function patchSources(g: Geometry): { sources: Int32Array; reach: number } {
  const taps = g.kernelHeight * g.kernelWidth;
  const pixels = g.height * g.width;
  const positions = g.outHeight * g.outWidth;
  const lists: number[][] = Array.from({ length: pixels }, () => []);
  patchRows(g, 1).forEach((pixel, element) => {
    if (pixel < pixels) lists[pixel]!.push((element % taps) * positions + Math.floor(element / taps));
  });
  const reach = lists.reduce((most, list) => Math.max(most, list.length), 1);
  const sources = new Int32Array(reach * pixels).fill(taps * positions);
  lists.forEach((list, pixel) => {
    list.forEach((element, i) => {
      sources[i * pixels + pixel] = element;
    });
  });
  return { sources, reach };
}
