import * as tf from '@tensorflow/tfjs';
import type { Arrays, EngineState, Shapes } from '../engine.ts';
import { sizeOf } from '../engine.ts';
import { onBackend } from './backend.ts';

/** State as tensors of one TensorFlow.js backend, owned here. */
export class EagerState implements EngineState {
  readonly shapes: Shapes;
  readonly backend: string;
  readonly #tensors = new Map<string, tf.Tensor>();

  constructor(backend: string, shapes: Shapes, initial: Arrays) {
    this.backend = backend;
    this.shapes = shapes;
    onBackend(backend, () => {
      for (const [name, shape] of Object.entries(shapes))
        this.#tensors.set(name, tf.tensor(new Float32Array(sizeOf(shape)), [...shape]));
    });
    this.write(initial);
  }

  read(names: readonly string[] = Object.keys(this.shapes)): Arrays {
    return onBackend(this.backend, () =>
      Object.fromEntries(names.map((name) => [name, this.get(name).dataSync<'float32'>().slice()])),
    );
  }

  write(values: Arrays): void {
    onBackend(this.backend, () => {
      for (const [name, array] of Object.entries(values)) {
        // A copy: backends keep the array itself.
        this.replace(name, tf.tensor(array.slice(), this.get(name).shape));
      }
    });
  }

  get(name: string): tf.Tensor {
    const tensor = this.#tensors.get(name);
    if (!tensor)
      throw new RangeError(`the state has no tensor ${name}; it has ${[...this.#tensors.keys()].join(', ')}`);
    return tensor;
  }

  /** Takes the tensor over and disposes the one before. */
  replace(name: string, tensor: tf.Tensor): void {
    this.get(name).dispose();
    this.#tensors.set(name, tensor);
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
  }
}
