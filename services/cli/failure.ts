/** What a command's process ends with, and the one line that says why. docs/cli.md lists the codes. */
import { VigilError } from '../../src/errors.ts';
import { VigilCallError } from '../client/call-error.ts';

export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, unavailable: 4, interrupted: 130 } as const;

const BY_STATUS: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  UNAVAILABLE: EXIT.unavailable,
  DEADLINE_EXCEEDED: EXIT.unavailable,
  RESOURCE_EXHAUSTED: EXIT.unavailable,
};

export interface Failure {
  readonly code: number;
  /** Code of the error catalogue, or the gRPC status. */
  readonly reason: string;
  readonly message: string;
  /** Facts for programs. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Connection failures come with grpc-js's whole history; people want the address. */
function unreachable(error: VigilCallError, address: string): string | undefined {
  if (error.status !== 'UNAVAILABLE' || error.reason !== '') return undefined;
  return `no server answers at ${address}; start one with "vigil serve", or name its address with --address`;
}

export function toFailure(error: unknown, address: string): Failure {
  if (error instanceof VigilCallError) {
    const { status, metadata } = error;
    const message = unreachable(error, address) ?? error.message;
    return { code: BY_STATUS[status] ?? EXIT.failed, reason: error.reason || status, message, metadata };
  }
  if (error instanceof VigilError) {
    const codes = { invalid: EXIT.usage, not_found: EXIT.notFound } as Readonly<Record<string, number>>;
    const { message, metadata } = error;
    return { code: codes[error.kind] ?? EXIT.failed, reason: error.code, message, metadata };
  }
  const debug = process.env.VIGIL_DEBUG && error instanceof Error ? error.stack : undefined;
  const text = error instanceof Error ? error.message : String(error);
  const message = debug ?? `${text} (VIGIL_DEBUG=1 shows more)`;
  return { code: EXIT.failed, reason: 'INTERNAL', message, metadata: {} };
}
