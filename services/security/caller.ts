/** Who calls, and what it may do. */
import type { Scope } from './scopes.ts';

export interface Caller {
  /** For logs, quotas and the audit log: "token:NAME", "jwt:SUB", "cert:SUBJECT", or the peer's address. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
}

const MAX_NAME = 256;

/**
 * Whether a name that others chose may go into logs and the audit log as it is: nothing that moves a cursor, breaks a
 * line or turns the direction of what follows.
 */
export function isPrintableName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= MAX_NAME && /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(name);
}
