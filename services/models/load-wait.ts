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
 * the wait, MODEL_LOADING when loads have taken `loadWaitMs`, or what `load` rejects with otherwise.
 */
export async function untilLoaded(wait: LoadWait): Promise<void> {
  const { engine, version, engineWaitMs, loadWaitMs } = wait;
  const left = { engine: engineWaitMs, load: loadWaitMs };
  while (!wait.isLoaded()) {
    if (!engine.info) {
      const message = `the engine is away for more than ${engineWaitMs} ms`;
      left.engine -= await timed(
        nextUp(engine),
        left.engine,
        () => new VigilError('ENGINE_UNAVAILABLE', message, { retryAfterMs: 1000 }),
      );
      continue;
    }
    const message = `model version ${version} is still being loaded`;
    const tooLong = () => new VigilError('MODEL_LOADING', message, { retryAfterMs: 1000 });
    left.load -= await timed(
      wait.load().catch((error: unknown) => {
        if (!(error instanceof VigilError && error.code === 'ENGINE_UNAVAILABLE')) throw error;
      }),
      left.load,
      tooLong,
    );
  }
}

function nextUp(engine: LoadWait['engine']): Promise<void> & { stop?: () => void } {
  let stop = (): void => {};
  const up = new Promise<void>((resolve) => {
    stop = engine.onUp(() => resolve());
  });
  void up.then(stop);
  return Object.assign(up, { stop });
}

/** Waits at most `limitMs`; returns the milliseconds that it took. */
async function timed(
  work: Promise<void> & { stop?: () => void },
  limitMs: number,
  tooLong: () => VigilError,
): Promise<number> {
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLong()), Math.max(0, limitMs));
  });
  try {
    await Promise.race([work, limit]);
    return performance.now() - began;
  } finally {
    clearTimeout(timer);
    work.stop?.();
  }
}
