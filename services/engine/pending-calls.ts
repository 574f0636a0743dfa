interface PendingCall {
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

/** Requests that wait for the engine's reply, by id. */
export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>();
  #next = 1;

  /** A new request; its reply is dropped when the signal aborts first. */
  add<R>(signal: AbortSignal | undefined): { id: number; reply: Promise<R> } {
    const id = this.#next++;
    const reply = new Promise<R>((resolve, reject) => {
      const aborted = (): void => this.reject(id, signal?.reason);
      const settle = (): void => {
        this.#calls.delete(id);
        signal?.removeEventListener('abort', aborted);
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
