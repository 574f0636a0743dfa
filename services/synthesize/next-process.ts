import { VigilError } from '../../src/errors.ts';

/**
 * Runs a call of the engine, and runs it once more when the process went away under it, as soon as `ready` says that the next
 * one has what it needs: a row depends on its seed and place alone, so the second answer is what the first would have been.
 * A call that two processes did not stand fails: one of its rows may be what ends them.
 */
export async function againInNextProcess<T>(call: () => Promise<T>, ready: () => Promise<void>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof VigilError) || error.code !== 'ENGINE_UNAVAILABLE') throw error;
  }
  await ready();
  return call();
}
