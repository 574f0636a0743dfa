import { type AdamConstants, type AdamKernel, openAdam } from '../../wasm/adam.ts';
import type { Arrays, EngineState, Shapes } from '../engine.ts';
import { sizeOf } from '../engine.ts';

const PAGE = 65_536;
/** Cache line: no two tensors share one, and SIMD loads are aligned. */
const ALIGNMENT = 64;
/** What WebAssembly can address. */
const MOST_BYTES = 2 ** 32 - PAGE;

/**
 * Float32 tensors in one WebAssembly memory, so that onnxruntime reads and writes them where they lie and the Adam kernel
 * updates them in place. A scratch vector for gradients follows; a state that nobody trains never touches it, and
 * untouched pages cost nothing.
 */
export class OnnxruntimeState implements EngineState {
  readonly shapes: Shapes;
  readonly #memory: WebAssembly.Memory;
  readonly #offsets = new Map<string, number>();
  readonly #scratch: number;
  #adam: AdamKernel | undefined;

  /** RangeError when the tensors take more than WebAssembly can address (4 GiB). */
  constructor(shapes: Shapes, initial: Arrays) {
    this.shapes = shapes;
    let bytes = 0;
    let largest = 0;
    for (const [name, shape] of Object.entries(shapes)) {
      const size = Math.ceil((4 * sizeOf(shape)) / ALIGNMENT) * ALIGNMENT;
      this.#offsets.set(name, bytes);
      bytes += size;
      largest = Math.max(largest, size);
    }
    this.#scratch = bytes;
    bytes += largest;
    if (bytes > MOST_BYTES) {
      throw new RangeError(`a state of ${bytes} bytes; allowed: at most ${MOST_BYTES}. Use smaller networks`);
    }
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
    this.write(initial);
  }

  /** A stretch of a tensor, as it lies. Valid as long as the state. */
  view(name: string, offset = 0, length = sizeOf(this.#shape(name)) - offset): Float32Array {
    this.#shape(name);
    return new Float32Array(this.#memory.buffer, this.#offsets.get(name)! + 4 * offset, length);
  }

  /** Where the gradient of the vector about to be updated goes. */
  gradient(offset: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, this.#scratch + 4 * offset, length);
  }

  /** One step of Adam with the gradient in the scratch vector. */
  update(names: AdamNames, constants: AdamConstants, rate: number): void {
    this.#adam ??= openAdam(this.#memory);
    const place = {
      weights: this.#offsets.get(names.weights)!,
      moment1: this.#offsets.get(names.moment1)!,
      moment2: this.#offsets.get(names.moment2)!,
      gradient: this.#scratch,
    };
    const length = sizeOf(this.#shape(names.weights));
    // The kernel works in fours: what an earlier, longer gradient left behind the end must not reach the padding.
    this.gradient(length, (4 - (length % 4)) % 4).fill(0);
    this.#adam(length, place, constants, rate);
  }

  read(names: readonly string[] = Object.keys(this.shapes)): Arrays {
    return Object.fromEntries(names.map((name) => [name, this.view(name).slice()]));
  }

  write(values: Arrays): void {
    for (const [name, array] of Object.entries(values)) {
      const data = this.view(name);
      if (data.length !== array.length) {
        throw new RangeError(`state ${name} takes ${data.length} values, got ${array.length}`);
      }
      data.set(array);
    }
  }

  /** The memory goes with the last view of it. */
  dispose(): void {
    this.#offsets.clear();
  }

  #shape(name: string): readonly number[] {
    const shape = this.#offsets.has(name) ? this.shapes[name] : undefined;
    if (!shape)
      throw new RangeError(`the state has no tensor ${name}; it has ${[...this.#offsets.keys()].join(', ')}`);
    return shape;
  }
}

export interface AdamNames {
  readonly weights: string;
  readonly moment1: string;
  readonly moment2: string;
}
