import type { InferenceSession } from 'onnxruntime-node';

/** How every graph is run: on the CPU, node after node, each on `threads` threads that do not spin. */
export function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    logSeverityLevel: 3,
    // Values below 1e-38 are worth nothing to a gradient and cost a hundred times as much as others.
    extra: { session: { intra_op: { allow_spinning: '0' }, set_denormal_as_zero: '1' } },
  };
}
