import * as tf from '@tensorflow/tfjs';
import { cpuBackend } from '../cpu-backend.ts';
import { openEager } from '../eager/executable.ts';
import { EagerState } from '../eager/state.ts';
import type { Engine } from '../engine.ts';

/** The plain JavaScript backend of TensorFlow.js, op by op: slow, and what the other engines are held to. */
export async function openReference(): Promise<Engine> {
  await tf.setBackend('cpu');
  cpuBackend();
  return {
    name: 'reference',
    device: 'cpu',
    version: `@tensorflow/tfjs ${tf.version.tfjs}`,
    createState: (shapes, initial) => new EagerState('cpu', shapes, initial),
    compile: async (program, state) => openEager(program, state, 'cpu'),
    dispose: async () => {},
  };
}
