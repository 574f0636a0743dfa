import type { Emitter, Place } from '../emitter.ts';
import type { Geometry } from './convolution-geometry.ts';

/** What follows a convolution in the same pass over the data. */
export interface Epilogue {
  /** A value `[outputs]` that is added. */
  readonly bias?: number;
  /** Slope of a LeakyRelu for negative sums. */
  readonly alpha?: number;
}

/** One way to compute convolutions. Every method emits nodes and says where the result lies. */
export interface ConvolutionLowering {
  /** x `[batch, height, width, inputs]`, filter `[kh, kw, inputs, outputs]` to `[batch, outHeight, outWidth, outputs]`. */
  forward(emit: Emitter, x: number, filter: number, g: Geometry, epilogue: Epilogue): Place;
  /** x and the output's gradient to the filter's gradient. */
  filterGradient(emit: Emitter, x: number, dy: number, g: Geometry): Place;
  /** The output's gradient and the filter to the input's gradient; also the forward pass of a transposed convolution. */
  inputGradient(emit: Emitter, dy: number, filter: number, g: Geometry): Place;
}
