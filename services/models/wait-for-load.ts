import { VigilError } from '../../src/errors.ts';

/** A call waits so long for its version to load. */
export const LOAD_WAIT_MS = 10_000;

/** Errors: MODEL_LOADING (it takes too long), what the load rejects with, or the signal's reason. */
export async function waitForLoad(ready: Promise<void>, version: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const limit = new Promise<never>((_, reject) => {
    const tooLong = (): void => {
      const message = `model version ${version} is still being loaded`;
      reject(new VigilError('MODEL_LOADING', message, { retryAfterMs: 1000 }));
    };
    const timer = setTimeout(tooLong, LOAD_WAIT_MS);
    const aborted = (): void => reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    };
  });
  try {
    await Promise.race([ready, limit]);
  } finally {
    stop();
  }
}
