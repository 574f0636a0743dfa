/** Refusals in the audit log, each kind once a minute: whoever is refused in a loop must not fill the disk. */
import type { Logger } from '../observability/logger.ts';
import type { AuditLog } from '../storage/store.ts';
import type { Scope } from './scopes.ts';

const QUIET_MS = 60_000;
/** Kinds that are remembered; beyond them nothing is written until a minute is over. */
const MAX_KINDS = 1000;

export class DenialAudit {
  readonly #store: AuditLog;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #kinds = new Set<string>();
  #began = Number.NEGATIVE_INFINITY;

  constructor(store: AuditLog, log: Logger, now: () => number) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
  }

  denied(principal: string, method: string, scope: Scope): void {
    const time = this.#now();
    if (time - this.#began >= QUIET_MS) {
      this.#kinds.clear();
      this.#began = time;
    }
    const kind = `${principal} ${method}`;
    if (this.#kinds.has(kind) || this.#kinds.size >= MAX_KINDS) return;
    this.#kinds.add(kind);
    const entry = { time, principal, action: 'Denied', subject: method, detail: `needs the scope ${scope}` };
    // The call is refused either way, and at once.
    this.#store
      .audit(entry)
      .catch((error: unknown) => this.#log.error({ err: error }, 'a refusal is not audited'));
  }
}
