/** Waiting for a version across engine processes: one that goes away while it loads is waited for too. */
import { VigilError } from '../../src/errors.ts';
import type { EngineClient } from '../engine/engine.ts';

/** A call waits so long for its version to load. */
export const LOAD_WAIT_MS = 10_000;

export interface LoadWait {
  readonly engine: Pick<EngineClient, 'info' | 'onUp'>;
  readonly version: string;
  isLoaded(): boolean;
  /** Loads into the process of the moment, or joins a load that is under way. */
  load(): Promise<void>;
  readonly engineWaitMs: number;
  readonly loadWaitMs: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves once the version is loaded. Errors: ENGINE_UNAVAILABLE when processes have been away for `engineWaitMs` of
 * the wait, MODEL_LOADING when loads have taken `loadWaitMs` of it, the signal's reason, or what `load` rejects with
 * otherwise.
 */
export async function untilLoaded(wait: LoadWait): Promise<void> {
  const { engine, version, engineWaitMs, loadWaitMs, signal } = wait;
  let engineLeft = engineWaitMs;
  let loadLeft = loadWaitMs;
  while (!wait.isLoaded()) {
    const began = performance.now();
    if (engine.info) {
      const tooLong = retryable('MODEL_LOADING', `model version ${version} is still being loaded`);
      await within(loadLeft, tooLong, signal, (resolve, reject) => {
        wait.load().then(resolve, (error: unknown) => (isGone(error) ? resolve() : reject(error)));
        return () => {};
      });
      loadLeft -= performance.now() - began;
    } else {
      const tooLong = retryable('ENGINE_UNAVAILABLE', `the engine has been away for ${engineWaitMs} ms`);
      await within(engineLeft, tooLong, signal, (resolve) => engine.onUp(() => resolve()));
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
  signal: AbortSignal | undefined,
  begin: (resolve: () => void, reject: (error: unknown) => void) => () => void,
): Promise<void> {
  signal?.throwIfAborted();
  const undo: (() => void)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(tooLong), Math.max(0, milliseconds));
      const aborted = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', aborted, { once: true });
      undo.push(() => clearTimeout(timer));
      undo.push(() => signal?.removeEventListener('abort', aborted));
      undo.push(begin(resolve, reject));
    });
  } finally {
    for (const step of undo) step();
  }
}
