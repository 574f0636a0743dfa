interface PendingCall {
  readonly id: number;
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

interface UrgentCalls {
  /** Milliseconds of `performance.now` by id, oldest first. */
  readonly sentAt: Map<number, number>;
  answeredAt: number;
}

/** Most slots; an id is a slot and how often slots were taken before. */
const SLOTS = 2 ** 20;

/**
 * Requests that wait for the engine's reply, by id. In slots that are used again: a Map that every batch enters and
 * leaves keeps the batches in its outgrown tables reachable for the young collections of V8.
 */
export class PendingCalls {
  readonly #slots: (PendingCall | undefined)[] = [];
  readonly #free: number[] = [];
  #waiting = 0;
  /** Those that should be answered soon, by who answers them one after the other. */
  readonly #urgent: UrgentCalls[] = [];
  #taken = 0;
  #empty: (() => void)[] = [];

  /**
   * A new request; its reply is dropped when the signal aborts first. `instance`: who answers it, soon, after what it was
   * asked before. RangeError when a million wait.
   */
  add<R>(signal?: AbortSignal, instance?: number): { id: number; reply: Promise<R> } {
    const slot = this.#free.pop() ?? this.#slots.length;
    if (slot >= SLOTS) throw new RangeError(`${SLOTS} requests wait for the engine`);
    const id = this.#taken++ * SLOTS + slot;
    const urgent = instance === undefined ? undefined : this.#urgentOf(instance);
    urgent?.sentAt.set(id, performance.now());
    this.#waiting += 1;
    const reply = new Promise<R>((resolve, reject) => {
      const aborted = (): void => this.reject(id, signal?.reason);
      const settle = (): void => {
        this.#slots[slot] = undefined;
        this.#free.push(slot);
        this.#waiting -= 1;
        if (urgent?.sentAt.delete(id)) urgent.answeredAt = performance.now();
        signal?.removeEventListener('abort', aborted);
        if (this.#waiting === 0) for (const wake of this.#empty.splice(0)) wake();
      };
      signal?.addEventListener('abort', aborted, { once: true });
      this.#slots[slot] = {
        id,
        resolve: (value) => {
          settle();
          resolve(value as R);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
    });
    return { id, reply };
  }

  /** Milliseconds that an instance has not answered while it had something to; 0 when none has. */
  get stalledMs(): number {
    const now = performance.now();
    return this.#urgent.reduce((most, { sentAt, answeredAt }) => {
      const [oldest] = sentAt.values();
      return oldest === undefined ? most : Math.max(most, now - Math.max(oldest, answeredAt));
    }, 0);
  }

  /** Resolves when no request waits. */
  settled(): Promise<void> {
    if (this.#waiting === 0) return Promise.resolve();
    return new Promise((resolve) => this.#empty.push(resolve));
  }

  resolve(id: number, reply: unknown): void {
    this.#find(id)?.resolve(reply);
  }

  reject(id: number, error: unknown): void {
    this.#find(id)?.reject(error);
  }

  rejectAll(error: unknown): void {
    for (const call of [...this.#slots]) call?.reject(error);
  }

  #urgentOf(instance: number): UrgentCalls {
    while (this.#urgent.length <= instance) this.#urgent.push({ sentAt: new Map(), answeredAt: 0 });
    return this.#urgent[instance]!;
  }

  /** Undefined when it was settled before, whoever has its slot now. */
  #find(id: number): PendingCall | undefined {
    const call = this.#slots[id % SLOTS];
    return call?.id === id ? call : undefined;
  }
}
