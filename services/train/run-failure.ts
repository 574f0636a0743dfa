import type { ErrorCode, VigilError } from '../../src/errors.ts';

/** What a failed run says of its end. `error` is undefined where the cause is for the log only. */
export function failureOf(
  error: VigilError | undefined,
  attempts: number,
): { readonly code: ErrorCode; readonly message: string } {
  if (!error || error.code === 'INTERNAL')
    return { code: 'INTERNAL', message: 'internal error; the server log has its cause' };
  if (error.code === 'ENGINE_UNAVAILABLE')
    return { code: error.code, message: `the engine went away ${attempts} times without a new checkpoint` };
  return { code: error.code, message: error.message };
}
