import { VigilError } from '../errors.ts';
import type { Engine, EngineName } from './engine.ts';
import type { OnnxruntimeSettings } from './onnxruntime/engine.ts';

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
  /** Threads within one op, at least 1. */
  readonly threads: number;
  /** Of the engine that compiles. */
  readonly compiler?: Pick<OnnxruntimeSettings, 'graphCache' | 'onCompiled' | 'onCacheTrouble'>;
}

/** Opens one engine or throws with the reason. The caller disposes it. */
type Opener = (wish: EngineWish) => Promise<Engine>;

const OPENERS: Readonly<Record<EngineName, Opener>> = {
  tensorflow: async () => {
    throw new Error('this version has no TensorFlow engine');
  },
  onnxruntime: async ({ threads, compiler }) =>
    (await import('./onnxruntime/engine.ts')).openOnnxruntime({ threads, ...compiler }),
  reference: async () => (await import('./reference/engine.ts')).openReference(),
};

/**
 * Opens the engine that is asked for. `auto` takes TensorFlow on a GPU where it is there, else onnxruntime, and says
 * why others were refused. An engine asked for by name that cannot run is ENGINE_REFUSED, never replaced.
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
  for (const candidate of ['tensorflow', 'onnxruntime'] as const) {
    try {
      return { engine: await OPENERS[candidate](wish), refused };
    } catch (error) {
      refused.push({ engine: candidate, reason: reasonOf(error) });
    }
  }
  const reasons = refused.map(({ engine, reason }) => `${engine}: ${reason}`).join('; ');
  throw new VigilError('ENGINE_REFUSED', `no engine can run here: ${reasons}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
