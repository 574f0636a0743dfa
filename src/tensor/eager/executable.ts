import * as tf from '@tensorflow/tfjs';
import type { Arrays, EngineState, Executable, PendingOutputs, Program } from '../engine.ts';
import { onBackend } from './backend.ts';
import { EagerState } from './state.ts';

type Named = Record<string, tf.Tensor>;

/** A program that runs op by op on the backend of its state. Between runs there are no tensors but the state's. */
export function openEager(program: Program, state: EngineState, backend: string): Executable {
  if (!(state instanceof EagerState) || state.backend !== backend)
    throw new TypeError('the state belongs to another engine');
  const submit = async (inputs: Arrays): Promise<PendingOutputs> => {
    const outputs = onBackend(backend, () => step(program, state, inputs));
    return { read: async () => onBackend(backend, () => readAndDispose(outputs)) };
  };
  return {
    layouts: {},
    heldBytes: 0,
    run: async (inputs) => (await submit(inputs)).read(),
    submit,
    dispose: async () => {},
  };
}

/** Runs once and replaces the state, or throws and leaves it as it was. The caller disposes the outputs. */
function step(program: Program, state: EagerState, inputs: Arrays): Named {
  const made = tf.tidy(() => {
    // Copies: backends share the array's memory, which the caller uses again before the outputs are read.
    const fed = mapValues(program.inputs, (shape, name) => tf.tensor(inputs[name]!.slice(), [...shape]));
    const result = program.run(
      fed,
      mapValues(program.state, (_, name) => state.get(name)),
    );
    // Clones, because a program may return what it was given, or one tensor under two names.
    const clones = {
      outputs: mapValues(result.outputs, (tensor) => tensor.clone()),
      state: mapValues(result.state ?? {}, (tensor) => tensor.clone()),
    };
    // What the gradient tape was told to keep is no longer needed.
    for (const tensor of Object.values(result.outputs)) tensor.dispose();
    return clones;
  });
  for (const [name, tensor] of Object.entries(made.state)) state.replace(name, tensor);
  return made.outputs;
}

function readAndDispose(outputs: Named): Arrays {
  return mapValues(outputs, (tensor) => {
    // A copy: some backends hand out their own array.
    const values = tensor.dataSync<'float32'>().slice();
    tensor.dispose();
    return values;
  });
}

function mapValues<T, R>(
  values: Readonly<Record<string, T>>,
  map: (value: T, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}
