/** What libtensorflow reads from the environment, once, when it is loaded. What an operator set stays. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findPackage, librariesPath } from './packages.ts';

/** Settings that hold wherever they are set before the library is loaded. */
export function nativeSettings(threads: number, cpuOnly: boolean): Record<string, string> {
  return {
    // One pool for what an op does, and no second one for ops side by side: eager ops come one after another.
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
    TF_ENABLE_ONEDNN_OPTS: '1',
    // Warnings and errors; the rest is advertisement.
    TF_CPP_MIN_LOG_LEVEL: '1',
    // Else it takes all memory of the GPU at once.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    // A run that is resumed goes the way of one that was not, to the bit.
    TF_DETERMINISTIC_OPS: '1',
    // float32 means float32, on every engine.
    NVIDIA_TF32_OVERRIDE: '0',
    ...(cpuOnly ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  };
}

/**
 * Settings that the loader and TensorFlow must find when the process starts: where the CUDA libraries are, and ptxas.
 * Empty where the GPU package is not staged.
 */
export function startSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const { directory, missing } = findPackage('@tensorflow/tfjs-node-gpu');
  if (!directory || missing) return {};
  const before = (path: string, value: string | undefined): string => (value ? `${path}:${value}` : path);
  const programs = join(directory, 'deps', 'bin');
  return {
    LD_LIBRARY_PATH: before(librariesPath(directory), environment.LD_LIBRARY_PATH),
    ...(existsSync(programs) ? { PATH: before(programs, environment.PATH) } : {}),
  };
}
