import { VigilError } from '../errors.ts';
import type { DeviceWish, Engine, EngineName } from './engine.ts';
import type { OnnxruntimeSettings } from './onnxruntime/engine.ts';
import { graphicsAbsent } from './onnxruntime/graphics-device.ts';

/** Why an engine was not taken. */
export interface Refusal {
  readonly engine: EngineName;
  readonly reason: string;
}

export interface ChosenEngine {
  readonly engine: Engine;
  readonly refused: readonly Refusal[];
}

export interface EngineWish {
  readonly engine: EngineName | 'auto';
  /** `gpu` is a demand: no engine that computes elsewhere is taken. */
  readonly device: DeviceWish;
  /** Threads within one op, at least 1. */
  readonly threads: number;
  /** Of the engine that compiles. */
  readonly compiler?: Pick<OnnxruntimeSettings, 'graphCache' | 'onCompiled' | 'onCacheTrouble'>;
}

/** Opens one engine or throws with the reason. The caller disposes it. */
type Opener = (wish: EngineWish) => Promise<Engine>;

const OPENERS: Readonly<Record<EngineName, Opener>> = {
  tensorflow: async (wish) => (await import('./tensorflow/engine.ts')).openTensorflow(wish),
  onnxruntime: async ({ threads, device, compiler }) => {
    const { openOnnxruntime, openWebgpu } = await import('./onnxruntime/engine.ts');
    const settings = { threads, ...compiler };
    if (device !== 'gpu') return openOnnxruntime(settings);
    const absent = graphicsAbsent();
    if (absent !== undefined) throw new Error(absent);
    return openWebgpu(settings);
  },
  reference: async ({ device }) => {
    if (device === 'gpu') throw new Error('it computes on the CPU, and a GPU was asked for');
    return (await import('./reference/engine.ts')).openReference();
  },
};

/** What `auto` tries, in order. TensorFlow pays on a GPU; on a CPU compiled steps are faster. */
const CANDIDATES: readonly (readonly [EngineName, Opener])[] = [
  [
    'tensorflow',
    async (wish) => {
      if (wish.device === 'cpu') throw new Error('auto takes it on a GPU only, and the CPU was asked for');
      return OPENERS.tensorflow({ ...wish, device: 'gpu' });
    },
  ],
  ['onnxruntime', OPENERS.onnxruntime],
];

/**
 * Opens the engine that is asked for. `auto` takes TensorFlow where its package loads and uses a GPU, else onnxruntime (on
 * WebGPU where a GPU is demanded, else on the CPU), and says why others were refused. What is asked for by name, engine
 * or GPU, and cannot be had is ENGINE_REFUSED, never replaced.
 */
export async function chooseEngine(wish: EngineWish): Promise<ChosenEngine> {
  const { engine: name } = wish;
  if (name !== 'auto') {
    try {
      return { engine: await OPENERS[name](wish), refused: [] };
    } catch (cause) {
      throw new VigilError('ENGINE_REFUSED', `engine ${name} cannot run here: ${reasonOf(cause)}`, { cause });
    }
  }
  const refused: Refusal[] = [];
  for (const [engine, open] of CANDIDATES) {
    try {
      return { engine: await open(wish), refused };
    } catch (error) {
      refused.push({ engine, reason: reasonOf(error) });
    }
  }
  const reasons = refused.map(({ engine, reason }) => `${engine}: ${reason}`).join('; ');
  throw new VigilError('ENGINE_REFUSED', `no engine can run here: ${reasons}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
