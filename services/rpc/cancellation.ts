import type { CancelSignal } from '../../src/batching/request.ts';

const NOBODY: (() => void)[] = [];

/**
 * The end of one call before its time, by cancel, deadline or a forced stop. An AbortSignal is made when somebody asks for
 * it: most calls end without, and thousands of them a second cost more memory than all else about a call.
 */
export class Cancellation implements CancelSignal {
  #controller: AbortController | undefined;
  #listeners: (() => void)[] = NOBODY;
  #aborted = false;
  #reason: unknown;
  /** Its place among the calls under way; theirs to set. */
  place = -1;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Hears of the end once, if it comes. */
  addEventListener(_: 'abort', listener: () => void): void {
    if (this.#aborted) return;
    if (this.#listeners === NOBODY) this.#listeners = [listener];
    else this.#listeners.push(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    if (this.#listeners.length === 1 && this.#listeners[0] === listener) this.#listeners = NOBODY;
    else this.#listeners = this.#listeners.filter((each) => each !== listener);
  }

  /** The first reason counts. */
  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = NOBODY;
    for (const listener of listeners) listener();
    this.#controller?.abort(reason);
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }
}

/**
 * Calls that are under way. An array: a Set that thousands of calls a second enter and leave keeps those in its outgrown
 * tables reachable for the young collections of V8.
 */
export class LiveCalls {
  readonly #calls: Cancellation[] = [];

  add(call: Cancellation): void {
    call.place = this.#calls.push(call) - 1;
  }

  /** Of a call that was added, once. */
  remove(call: Cancellation): void {
    const last = this.#calls.pop()!;
    if (last === call) return;
    this.#calls[call.place] = last;
    last.place = call.place;
  }

  abort(reason: unknown): void {
    for (const call of [...this.#calls]) call.abort(reason);
  }
}
