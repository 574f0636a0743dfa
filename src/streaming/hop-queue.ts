/** Between the one who reads frames and the one who answers: bounded, first in, first out. */

export class HopQueue<T> {
  readonly #limit: number;
  #items: T[] = [];
  #skipped = 0;
  #ended = false;
  #failure: { readonly reason: unknown } | undefined;
  #wakeTaker: (() => void) | undefined;
  #wakeGiver: (() => void) | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Items that newer ones pushed out. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Whether whoever takes has gone: nothing that is put will be seen. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Puts an item; the oldest goes when there is no room. Returns whether one went. */
  putNewest(item: T): boolean {
    const full = this.#items.length >= this.#limit;
    if (full) {
      this.#items.shift();
      this.#skipped += 1;
    }
    this.#items.push(item);
    this.#notifyTaker();
    return full;
  }

  /** Puts an item when there is room, or when the queue failed. One giver waits at a time. */
  async put(item: T): Promise<void> {
    while (this.#items.length >= this.#limit && !this.#failure)
      await new Promise<void>((resolve) => {
        this.#wakeGiver = resolve;
      });
    if (this.#failure) return;
    this.#items.push(item);
    this.#notifyTaker();
  }

  /** No more items will come. */
  end(): void {
    this.#ended = true;
    this.#notifyTaker();
  }

  /** `take` throws `reason`, now and from now on; what waits is forgotten. The first reason counts. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#items = [];
    this.#notifyTaker();
    this.#notifyGiver();
  }

  /** The oldest item; undefined when it was the last. One taker waits at a time. */
  async take(): Promise<T | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure.reason;
      if (this.#items.length > 0) {
        this.#notifyGiver();
        return this.#items.shift();
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeTaker = resolve;
      });
    }
  }

  #notifyTaker(): void {
    this.#wakeTaker?.();
    this.#wakeTaker = undefined;
  }

  #notifyGiver(): void {
    this.#wakeGiver?.();
    this.#wakeGiver = undefined;
  }
}
