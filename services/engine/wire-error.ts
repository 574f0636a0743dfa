import { diskFullError } from '../../src/disk-full.ts';
import { VigilError } from '../../src/errors.ts';
import type { WireError } from './protocol.ts';

/** An error as plain data, for the trip between processes. Unknown errors become INTERNAL with their text as cause. */
export function toWireError(error: unknown): WireError {
  const stack = error instanceof Error ? error.stack : String(error);
  const known = error instanceof VigilError ? error : diskFullError(error);
  if (known) {
    const { code, message, fields, metadata } = known;
    return { code, message, fields, metadata, stack };
  }
  return { code: 'INTERNAL', message: 'the engine failed', fields: [], metadata: {}, stack };
}

/** The error again, on the other side. */
export function fromWireError({ code, message, fields, metadata, stack }: WireError): VigilError {
  return new VigilError(code, message, { fields, metadata, cause: stack });
}
