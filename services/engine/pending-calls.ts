interface PendingCall {
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

/** Requests that wait for the engine's reply, by id. */
export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>();
  /** When those that should be answered soon were sent, oldest first: milliseconds of `performance.now`. */
  readonly #urgent = new Map<number, number>();
  #urgentAnsweredAt = 0;
  #next = 1;
  #empty: (() => void)[] = [];

  /** A new request; its reply is dropped when the signal aborts first. */
  add<R>(signal: AbortSignal | undefined, urgent: boolean): { id: number; reply: Promise<R> } {
    const id = this.#next++;
    if (urgent) this.#urgent.set(id, performance.now());
    const reply = new Promise<R>((resolve, reject) => {
      const aborted = (): void => this.reject(id, signal?.reason);
      const settle = (): void => {
        this.#calls.delete(id);
        if (this.#urgent.delete(id)) this.#urgentAnsweredAt = performance.now();
        signal?.removeEventListener('abort', aborted);
        if (this.#calls.size === 0) for (const wake of this.#empty.splice(0)) wake();
      };
      signal?.addEventListener('abort', aborted, { once: true });
      this.#calls.set(id, {
        resolve: (value) => {
          settle();
          resolve(value as R);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
    });
    return { id, reply };
  }

  /** Milliseconds that urgent requests have waited since the last of them was answered; 0 when none waits. */
  get stalledMs(): number {
    for (const sentAt of this.#urgent.values())
      return performance.now() - Math.max(sentAt, this.#urgentAnsweredAt);
    return 0;
  }

  /** Resolves when no request waits. */
  settled(): Promise<void> {
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#empty.push(resolve));
  }

  resolve(id: number, reply: unknown): void {
    this.#calls.get(id)?.resolve(reply);
  }

  reject(id: number, error: unknown): void {
    this.#calls.get(id)?.reject(error);
  }

  rejectAll(error: unknown): void {
    for (const call of [...this.#calls.values()]) call.reject(error);
  }
}
