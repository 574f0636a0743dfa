/** Waiting for a version across engine processes: one that goes away while it loads is waited for too. */
import { VigilError } from '../../src/errors.ts';
import type { EngineClient } from '../engine/engine.ts';

export interface LoadWait {
  readonly engine: Pick<EngineClient, 'info' | 'onUp'>;
  readonly version: string;
  isLoaded(): boolean;
  /** Loads into the process of the moment, or joins a load that is under way. */
  load(): Promise<void>;
  readonly engineWaitMs: number;
  readonly loadWaitMs: number;
}

/**
 * Resolves once the version is loaded. Errors: ENGINE_UNAVAILABLE when processes have been away for `engineWaitMs` of
 * the wait, MODEL_LOADING when loads have taken `loadWaitMs` of it, or what `load` rejects with otherwise.
 */
export async function untilLoaded(wait: LoadWait): Promise<void> {
  const { engine, version, engineWaitMs, loadWaitMs } = wait;
  let engineLeft = engineWaitMs;
  let loadLeft = loadWaitMs;
  while (!wait.isLoaded()) {
    const began = performance.now();
    if (engine.info) {
      const tooLong = retryable('MODEL_LOADING', `model version ${version} is still being loaded`);
      await within(loadLeft, tooLong, (resolve, reject) => {
        wait.load().then(resolve, (error: unknown) => (isGone(error) ? resolve() : reject(error)));
        return () => {};
      });
      loadLeft -= performance.now() - began;
    } else {
      const tooLong = retryable('ENGINE_UNAVAILABLE', `the engine has been away for ${engineWaitMs} ms`);
      await within(engineLeft, tooLong, (resolve) => engine.onUp(() => resolve()));
      engineLeft -= performance.now() - began;
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof VigilError && error.code === 'ENGINE_UNAVAILABLE';
}

function retryable(code: 'MODEL_LOADING' | 'ENGINE_UNAVAILABLE', message: string): VigilError {
  return new VigilError(code, message, { retryAfterMs: 1000 });
}

/** Waits for `begin` to settle, at most so long; what it returned is called at the end, to undo it. */
async function within(
  milliseconds: number,
  tooLong: VigilError,
  begin: (resolve: () => void, reject: (error: unknown) => void) => () => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const undo: (() => void)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(tooLong), Math.max(0, milliseconds));
      undo.push(begin(resolve, reject));
    });
  } finally {
    clearTimeout(timer);
    for (const step of undo) step();
  }
}
