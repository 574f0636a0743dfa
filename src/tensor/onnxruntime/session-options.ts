import type { InferenceSession } from 'onnxruntime-node';

/** How every graph is run: node after node, on the CPU each on `threads` threads that do not spin. */
export function sessionOptions(
  threads: number,
  device: 'cpu' | 'webgpu' = 'cpu',
): InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    logSeverityLevel: 3,
    // Values below 1e-38 are worth nothing to a gradient and cost a hundred times as much as others.
    extra: { session: { intra_op: { allow_spinning: '0' }, set_denormal_as_zero: '1' } },
  };
}
