import * as tf from '@tensorflow/tfjs';

/**
 * Runs synchronous work on a TensorFlow.js backend and switches back: several engines may live in one process, and
 * the backend is global. Costs nothing where the backend is the current one already, as in an engine process.
 */
export function onBackend<T>(name: string, work: () => T): T {
  const previous = tf.getBackend();
  if (previous === name) return work();
  void tf.setBackend(name);
  try {
    return work();
  } finally {
    if (previous) void tf.setBackend(previous);
  }
}
