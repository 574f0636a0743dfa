import * as tf from '@tensorflow/tfjs';

let used = false;

/** The plain JavaScript backend of TensorFlow.js, made on first use; which backend is active does not change. */
export function cpuBackend(): tf.KernelBackend {
  const backend = tf.findBackend('cpu');
  if (used) return backend;
  used = true;
  // The first tensor makes TensorFlow.js advertise its native backend on stderr, except in production mode.
  tf.env().set('PROD', true);
  backend.disposeData(backend.write(new Float32Array(1), [1], 'float32'));
  tf.env().set('PROD', false);
  return backend;
}
