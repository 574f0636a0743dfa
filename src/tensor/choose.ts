import { VigilError } from '../errors.ts';
import type { Engine, EngineName } from './engine.ts';

/** Why an engine was not taken. */
export interface Refusal {
  readonly engine: EngineName;
  readonly reason: string;
}

export interface ChosenEngine {
  readonly engine: Engine;
  readonly refused: readonly Refusal[];
}

/** Opens one engine or throws with the reason. The caller disposes it. */
type Opener = (threads: number) => Promise<Engine>;

const OPENERS: Readonly<Record<EngineName, Opener>> = {
  tensorflow: async () => {
    throw new Error('this version has no TensorFlow engine');
  },
  onnxruntime: async (threads) => (await import('./onnxruntime/engine.ts')).openOnnxruntime({ threads }),
  reference: async () => (await import('./reference/engine.ts')).openReference(),
};

/**
 * Opens the engine that is asked for. `auto` takes TensorFlow on a GPU where it is there, else onnxruntime, and says
 * why others were refused. An engine asked for by name that cannot run is ENGINE_REFUSED, never replaced.
 */
export async function chooseEngine(name: EngineName | 'auto', threads: number): Promise<ChosenEngine> {
  if (name !== 'auto') {
    try {
      return { engine: await OPENERS[name](threads), refused: [] };
    } catch (cause) {
      throw new VigilError('ENGINE_REFUSED', `engine ${name} cannot run here: ${reasonOf(cause)}`, { cause });
    }
  }
  const refused: Refusal[] = [];
  for (const candidate of ['tensorflow', 'onnxruntime'] as const) {
    try {
      return { engine: await OPENERS[candidate](threads), refused };
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
