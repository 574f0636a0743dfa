import { Tensor } from 'onnxruntime-node';
import type { Arrays, EngineState, Shapes } from '../engine.ts';
import { sizeOf } from '../engine.ts';

/** Double-buffered tensors: a run reads the current one and writes the spare one, then they swap. */
export class OnnxruntimeState implements EngineState {
  readonly shapes: Shapes;
  readonly #current = new Map<string, Tensor>();
  readonly #spare = new Map<string, Tensor>();

  constructor(shapes: Shapes, initial: Arrays) {
    this.shapes = shapes;
    for (const [name, shape] of Object.entries(shapes)) {
      this.#current.set(name, new Tensor('float32', new Float32Array(sizeOf(shape)), shape));
    }
    this.write(initial);
  }

  /** What a run reads. */
  current(name: string): Tensor {
    const tensor = this.#current.get(name);
    if (!tensor)
      throw new RangeError(`the state has no tensor ${name}; it has ${[...this.#current.keys()].join(', ')}`);
    return tensor;
  }

  /** What a run writes; made on first use, so that what is only read costs one buffer. */
  spare(name: string): Tensor {
    const tensor =
      this.#spare.get(name) ??
      new Tensor('float32', new Float32Array(sizeOf(this.current(name).dims)), this.current(name).dims);
    this.#spare.set(name, tensor);
    return tensor;
  }

  /** Makes what was written current. */
  swap(name: string): void {
    const written = this.spare(name);
    this.#spare.set(name, this.current(name));
    this.#current.set(name, written);
  }

  read(names: readonly string[] = Object.keys(this.shapes)): Arrays {
    return Object.fromEntries(names.map((name) => [name, (this.current(name).data as Float32Array).slice()]));
  }

  write(values: Arrays): void {
    for (const [name, array] of Object.entries(values)) {
      const data = this.current(name).data as Float32Array;
      if (data.length !== array.length) {
        throw new RangeError(`state ${name} takes ${data.length} values, got ${array.length}`);
      }
      data.set(array);
    }
  }

  dispose(): void {
    this.#current.clear();
    this.#spare.clear();
  }
}
