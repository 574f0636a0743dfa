import * as tf from '@tensorflow/tfjs';
import { openEager } from '../eager/executable.ts';
import { EagerState } from '../eager/state.ts';
import type { Engine } from '../engine.ts';

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
    createState: (shapes, initial) => new EagerState('cpu', shapes, initial),
    compile: async (program, state) => openEager(program, state, 'cpu'),
    dispose: async () => {},
  };
}
