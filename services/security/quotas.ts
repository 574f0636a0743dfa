/** How much one principal may ask for at a time: calls and streams in flight, calls a second. Refusals come at once. */
import { VigilError } from '../../src/errors.ts';

export interface QuotaLimits {
  /** Calls in flight, streams among them; 0 for no limit. */
  readonly calls: number;
  /** Streaming calls in flight; 0 for no limit. */
  readonly streams: number;
  /** Calls a second, as many at once; 0 for no limit. */
  readonly callsPerSecond: number;
  /** Principals that are remembered. */
  readonly principals: number;
}

interface Account {
  calls: number;
  streams: number;
  /** Calls that may begin now. */
  tokens: number;
  /** When `tokens` was right, in milliseconds of the clock. */
  time: number;
}

/** When a slot becomes free is the callers' own matter; this only keeps them from asking in a loop. */
const BUSY_RETRY_MS = 100;
const SWEEP_MS = 1000;

export class Quotas {
  readonly #limits: QuotaLimits;
  readonly #now: () => number;
  readonly #accounts = new Map<string, Account>();
  #swept = Number.NEGATIVE_INFINITY;

  /** `now` is a clock in milliseconds that never goes back. */
  constructor(limits: QuotaLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Takes a place, which the returned function gives back, once. Errors: QUOTA_EXCEEDED with a time to try again. */
  take(principal: string, streams: boolean): () => void {
    const now = this.#now();
    const account = this.#accountOf(principal, now);
    const { calls, streams: maxStreams, callsPerSecond } = this.#limits;
    if (calls > 0 && account.calls >= calls)
      throw exceeded(`${account.calls} calls in flight`, `at most ${calls}`, BUSY_RETRY_MS);
    if (streams && maxStreams > 0 && account.streams >= maxStreams)
      throw exceeded(`${account.streams} streams in flight`, `at most ${maxStreams}`, BUSY_RETRY_MS);
    if (callsPerSecond > 0) {
      this.#refill(account, now);
      if (account.tokens < 1) {
        // Without what sums of fractions are off by.
        const wait = Math.ceil(((1 - account.tokens) / callsPerSecond) * 1000 - 1e-6);
        throw exceeded('more calls than that', `${callsPerSecond} a second`, wait);
      }
      account.tokens -= 1;
    }
    account.calls += 1;
    if (streams) account.streams += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      account.calls -= 1;
      if (streams) account.streams -= 1;
    };
  }

  #accountOf(principal: string, now: number): Account {
    const known = this.#accounts.get(principal);
    if (known) return known;
    const { principals, callsPerSecond } = this.#limits;
    if (this.#accounts.size >= principals) this.#sweep(now);
    if (this.#accounts.size >= principals)
      throw exceeded(`${principals} other principals that are active`, `at most ${principals}`, SWEEP_MS);
    const account = { calls: 0, streams: 0, tokens: callsPerSecond, time: now };
    this.#accounts.set(principal, account);
    return account;
  }

  #refill(account: Account, now: number): void {
    const { callsPerSecond } = this.#limits;
    const grown = account.tokens + ((now - account.time) / 1000) * callsPerSecond;
    account.tokens = Math.min(callsPerSecond, grown);
    account.time = now;
  }

  /** Forgets whom forgetting gives nothing: no call in flight, and all of the second's calls left. */
  #sweep(now: number): void {
    if (now - this.#swept < SWEEP_MS) return;
    this.#swept = now;
    for (const [principal, account] of this.#accounts) {
      this.#refill(account, now);
      if (account.calls === 0 && account.tokens >= this.#limits.callsPerSecond)
        this.#accounts.delete(principal);
    }
  }
}

function exceeded(found: string, allowed: string, retryAfterMs: number): VigilError {
  return new VigilError('QUOTA_EXCEEDED', `the caller has a quota: found ${found}; allowed: ${allowed}`, {
    retryAfterMs,
  });
}
