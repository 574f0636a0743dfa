import { fillDropoutMask, type RandomKey } from '../random.ts';
import { DROPOUT_MASK_WASM } from './gen/dropout-mask.ts';

/** Values that one step of the kernel makes: four blocks of eight. */
const GROUP = 32;
const PAGE = 65_536;

type Exported = (
  out: number,
  k0: number,
  k1: number,
  outer: number,
  inner: number,
  groups: number,
  outerStride: number,
  innerStride: number,
  threshold: number,
  keep: number,
) => void;

let compiled: WebAssembly.Module | undefined;

/**
 * Makes dropout masks of one shape, again and again into the same buffer. The values are those of `fillDropoutMask`, to
 * the bit, laid out with axes in `order` (outermost in memory first).
 */
export class DropoutMask {
  readonly #shape: readonly number[];
  readonly #order: readonly number[];
  readonly #size: number;
  readonly #values: Float32Array;
  readonly #fast: Exported | undefined;

  constructor(shape: readonly number[], order: readonly number[] = shape.map((_, axis) => axis)) {
    this.#shape = shape;
    this.#order = order;
    this.#size = shape.reduce((product, dimension) => product * dimension, 1);
    if (!this.#isFast()) {
      this.#values = new Float32Array(this.#size);
      return;
    }
    compiled ??= new WebAssembly.Module(Buffer.from(DROPOUT_MASK_WASM, 'base64'));
    const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * this.#size) / PAGE) });
    this.#fast = new WebAssembly.Instance(compiled, { env: { memory } }).exports.mask as Exported;
    this.#values = new Float32Array(memory.buffer, 0, this.#size);
  }

  /** 0 with probability `rate`, else 1 / (1 - rate), both rounded as in `fillDropoutMask`. Valid until the next call. */
  fill(key: RandomKey, rate: number): Float32Array {
    if (!this.#fast) return this.#slow(key, rate);
    const threshold = Math.round(rate * 256);
    const batch = this.#shape[0]!;
    const channels = this.#shape.at(-1)!;
    const inner = this.#size / batch / channels;
    // Runs of all channels, by batch row and then by position, as counted; in memory the other way round.
    const turned = this.#order[0] !== 0;
    const run = 4 * channels;
    const [outerStride, innerStride] = turned ? [run, batch * run] : [inner * run, run];
    const keep = 256 / (256 - threshold);
    const groups = channels / GROUP;
    this.#fast(0, key.k0, key.k1, batch, inner, groups, outerStride, innerStride, threshold, keep);
    return this.#values;
  }

  /** Whole groups of channels, and the batch axis either outermost or next to the channels. */
  #isFast(): boolean {
    const rank = this.#shape.length;
    const inOrder = this.#order.every((axis, i) => axis === i);
    const batchInside = this.#order.every(
      (axis, i) => axis === (i < rank - 2 ? i + 1 : i === rank - 2 ? 0 : i),
    );
    return this.#size > 0 && this.#shape.at(-1)! % GROUP === 0 && rank > 1 && (inOrder || batchInside);
  }

  #slow(key: RandomKey, rate: number): Float32Array {
    const values = fillDropoutMask(
      key,
      this.#order.every((axis, i) => axis === i) ? this.#values : new Float32Array(this.#size),
      rate,
    );
    if (values === this.#values) return values;
    // Strides, in the values as counted, of the axes as laid out.
    const strides = this.#shape.map((_, axis) => this.#shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    const dimensions = this.#order.map((axis) => this.#shape[axis]!);
    const steps = this.#order.map((axis) => strides[axis]!);
    const index = dimensions.map(() => 0);
    for (let at = 0, from = 0; at < this.#size; at++) {
      this.#values[at] = values[from]!;
      for (let axis = dimensions.length - 1; axis >= 0; axis--) {
        from += steps[axis]!;
        if (++index[axis]! < dimensions[axis]!) break;
        from -= steps[axis]! * dimensions[axis]!;
        index[axis] = 0;
      }
    }
    return this.#values;
  }
}
