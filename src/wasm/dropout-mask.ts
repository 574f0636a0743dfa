import { fillDropoutMask, type RandomKey } from '../random.ts';
import { DROPOUT_MASK_WASM } from './gen/dropout-mask.ts';

/** Values that one step of the kernel makes: four blocks of eight. */
const GROUP = 32;
const PAGE = 65_536;

/** How the values lie in memory: axes outermost first, the last axis in blocks if `block` is above 1. */
interface MaskLayout {
  readonly order: readonly number[];
  readonly block: number;
}

/** Bytes from one thing to the next; see dropout-mask.wat. */
interface Strides {
  readonly outer: number;
  readonly inner: number;
  readonly group: number;
  readonly second: number;
  readonly third: number;
}

type Exported = (...args: number[]) => void;

let compiled: WebAssembly.Module | undefined;

/**
 * Makes dropout masks of one shape, again and again into the same buffer. The values are those of `fillDropoutMask`, to
 * the bit, laid out as asked.
 */
export class DropoutMask {
  readonly #shape: readonly number[];
  readonly #layout: MaskLayout;
  readonly #values: Float32Array;
  readonly #strides: Strides | undefined;
  readonly #fast: Exported | undefined;

  constructor(
    shape: readonly number[],
    layout: MaskLayout = { order: shape.map((_, axis) => axis), block: 1 },
  ) {
    this.#shape = shape;
    this.#layout = layout;
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    this.#strides = size > 0 ? kernelStrides(shape, layout) : undefined;
    if (!this.#strides) {
      this.#values = new Float32Array(size);
      return;
    }
    compiled ??= new WebAssembly.Module(Buffer.from(DROPOUT_MASK_WASM, 'base64'));
    const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * size) / PAGE) });
    this.#fast = new WebAssembly.Instance(compiled, { env: { memory } }).exports.mask as Exported;
    this.#values = new Float32Array(memory.buffer, 0, size);
  }

  /** 0 with probability `rate`, else 1 / (1 - rate), both rounded as in `fillDropoutMask`. Valid until the next call. */
  fill(key: RandomKey, rate: number): Float32Array {
    if (!this.#fast || !this.#strides) return this.#arrange(key, rate);
    const threshold = Math.round(rate * 256);
    const keep = 256 / (256 - threshold);
    const batch = this.#shape[0]!;
    const channels = this.#shape.at(-1)!;
    const positions = this.#values.length / batch / channels;
    const { outer, inner, group, second, third } = this.#strides;
    const runs = [batch, positions, channels / GROUP];
    this.#fast(0, key.k0, key.k1, ...runs, outer, inner, group, second, third, threshold, keep);
    return this.#values;
  }

  /** Any layout, value by value. */
  #arrange(key: RandomKey, rate: number): Float32Array {
    const values = fillDropoutMask(key, new Float32Array(this.#values.length), rate);
    const { order, block } = this.#layout;
    const last = this.#shape.length - 1;
    const strides = this.#shape.map((_, axis) => this.#shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    // Dimensions in memory, and the step that each makes through the values as counted.
    const dimensions = order.map((axis) => this.#shape[axis]! / (axis === last ? block : 1));
    const steps = order.map((axis) => strides[axis]! * (axis === last ? block : 1));
    dimensions.push(block);
    steps.push(1);
    const index = dimensions.map(() => 0);
    for (let at = 0, from = 0; at < values.length; at++) {
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

/**
 * Strides of `[batch, ..., channels]` for the layouts that the kernel writes: row-major, `[..., batch, channels]`, and
 * `[batch, channels/block, ..., block]`. Undefined for others, and where channels are no whole number of groups.
 */
function kernelStrides(shape: readonly number[], { order, block }: MaskLayout): Strides | undefined {
  const rank = shape.length;
  const channels = shape.at(-1)!;
  if (channels % GROUP !== 0 || rank < 2) return undefined;
  const batch = shape[0]!;
  const positions = shape.slice(1, -1).reduce((a, b) => a * b, 1);
  const matches = (wanted: (place: number) => number): boolean =>
    order.every((axis, at) => axis === wanted(at));
  const whole = { group: 4 * GROUP, second: 32, third: 64 };
  const run = 4 * channels;
  if (block === 1 && matches((at) => at)) return { outer: positions * run, inner: run, ...whole };
  if (block === 1 && matches((at) => (at < rank - 2 ? at + 1 : at === rank - 2 ? 0 : at))) {
    return { outer: run, inner: batch * run, ...whole };
  }
  if (!matches((at) => (at === 0 ? 0 : at === 1 ? rank - 1 : at - 1))) return undefined;
  const plane = 4 * positions * block;
  const outer = positions * run;
  if (block === 8) return { outer, inner: 32, group: 4 * plane, second: plane, third: 2 * plane };
  if (block === 16) return { outer, inner: 64, group: 2 * plane, second: 32, third: plane };
  return undefined;
}
