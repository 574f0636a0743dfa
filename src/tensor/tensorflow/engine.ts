import { openEager } from '../eager/executable.ts';
import { EagerState } from '../eager/state.ts';
import type { DeviceWish, Engine } from '../engine.ts';
import { registerAdamUpdate } from './adam-kernel.ts';
import { BACKEND, loadTensorflow } from './load.ts';

export interface TensorflowSettings {
  /** Threads within one op on the CPU, at least 1. The first call of a process decides. */
  readonly threads: number;
  /** `gpu` throws where there is none; `auto` takes one where the GPU package is staged and finds it. */
  readonly device: DeviceWish;
}

/**
 * TensorFlow's eager runtime, op by op, on a GPU or on the CPU. Throws with the reason where it cannot run. A run
 * computes on the calling thread; on a GPU it only queues, and reading waits.
 */
export async function openTensorflow({ threads, device }: TensorflowSettings): Promise<Engine> {
  const { backend, version } = loadTensorflow(threads, device);
  registerAdamUpdate(backend);
  return {
    name: 'tensorflow',
    device: backend.isUsingGpuDevice ? 'gpu' : 'cpu',
    version,
    createState: (shapes, initial) => new EagerState(BACKEND, shapes, initial),
    compile: async (program, state) => openEager(program, state, BACKEND),
    dispose: async () => {},
  };
}
