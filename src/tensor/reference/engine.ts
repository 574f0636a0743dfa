import * as tf from '@tensorflow/tfjs';
import type { Arrays, Engine, EngineState, Executable, PendingOutputs, Program, Shapes } from '../engine.ts';

/** The plain JavaScript backend of TensorFlow.js, op by op: slow, and what the other engines are held to. */
export async function openReference(): Promise<Engine> {
  await tf.setBackend('cpu');
  // The first tensor makes TensorFlow.js advertise its native backend on stderr, except in production mode.
  tf.env().set('PROD', true);
  tf.scalar(0).dispose();
  tf.env().set('PROD', false);
  return {
    name: 'reference',
    device: 'cpu',
    version: `@tensorflow/tfjs ${tf.version.tfjs}`,
    createState: (shapes, initial) => new EagerState(shapes, initial),
    compile: async (program, state) => eager(program, state),
    dispose: async () => {},
  };
}

/** State as TensorFlow.js tensors, owned here. */
class EagerState implements EngineState {
  readonly shapes: Shapes;
  readonly tensors = new Map<string, tf.Tensor>();

  constructor(shapes: Shapes, initial: Arrays) {
    this.shapes = shapes;
    const zeros = Object.entries(shapes).map(([name, shape]) => [name, tf.zeros([...shape])] as const);
    for (const [name, tensor] of zeros) this.tensors.set(name, tensor);
    this.write(initial);
  }

  read(names: readonly string[] = Object.keys(this.shapes)): Arrays {
    return Object.fromEntries(names.map((name) => [name, this.get(name).dataSync<'float32'>().slice()]));
  }

  write(values: Arrays): void {
    for (const [name, array] of Object.entries(values))
      this.replace(name, tf.tensor(array, this.get(name).shape));
  }

  get(name: string): tf.Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor)
      throw new RangeError(`the state has no tensor ${name}; it has ${[...this.tensors.keys()].join(', ')}`);
    return tensor;
  }

  /** Takes the tensor over and disposes the one before. */
  replace(name: string, tensor: tf.Tensor): void {
    this.get(name).dispose();
    this.tensors.set(name, tensor);
  }

  dispose(): void {
    for (const tensor of this.tensors.values()) tensor.dispose();
    this.tensors.clear();
  }
}

function eager(program: Program, state: EngineState): Executable {
  if (!(state instanceof EagerState)) throw new TypeError('the state belongs to another engine');
  const run = async (inputs: Arrays): Promise<Arrays> => {
    const fed = Object.fromEntries(
      Object.entries(program.inputs).map(([name, shape]) => [name, tf.tensor(inputs[name]!, [...shape])]),
    );
    const read = Object.fromEntries(Object.keys(program.state).map((name) => [name, state.get(name)]));
    const kept = tf.tidy(() => {
      const result = program.run(fed, read);
      // Clones, because a program may return what it was given, or one tensor under two names.
      const clones = (tensors: Readonly<Record<string, tf.Tensor>>): Record<string, tf.Tensor> =>
        Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));
      const returned = { outputs: clones(result.outputs), state: clones(result.state ?? {}) };
      // What the gradient tape was told to keep is no longer needed.
      for (const tensor of Object.values(result.outputs)) tensor.dispose();
      return returned;
    });
    const outputs: Record<string, Float32Array> = {};
    for (const [name, tensor] of Object.entries(kept.outputs)) {
      outputs[name] = tensor.dataSync<'float32'>().slice();
      tensor.dispose();
    }
    for (const [name, tensor] of Object.entries(kept.state)) state.replace(name, tensor);
    for (const tensor of Object.values(fed)) tensor.dispose();
    return outputs;
  };
  const submit = async (inputs: Arrays): Promise<PendingOutputs> => {
    const outputs = await run(inputs);
    return { read: async () => outputs };
  };
  return { layouts: {}, run, submit, dispose: async () => {} };
}
