import type { Entry } from './request.ts';

/** Longest delay that timers take. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Watches the deadlines of requests: a binary heap in which each entry knows its place, so that adding and removing
 * are O(log n), and O(1) for callers with one timeout; and one timer, for the earliest.
 */
export class Deadlines<T> {
  readonly #heap: Entry<T>[] = [];
  readonly #clock: () => number;
  readonly #passed: (entry: Entry<T>) => void;
  #timer: { readonly at: number; readonly handle: NodeJS.Timeout } | undefined;

  /** `clock` in the deadlines' milliseconds; `passed` hears of each entry once, when it is removed already. */
  constructor(clock: () => number, passed: (entry: Entry<T>) => void) {
    this.#clock = clock;
    this.#passed = passed;
  }

  add(entry: Entry<T>): void {
    if (entry.request.deadline === undefined) return;
    this.#rise(entry, this.#heap.length);
    this.#arm();
  }

  remove(entry: Entry<T>): void {
    const at = entry.heapAt;
    if (at < 0) return;
    entry.heapAt = -1;
    const last = this.#heap.pop()!;
    if (last === entry) return;
    this.#rise(last, at);
    this.#sink(last);
  }

  /** Takes out what has passed, in order. Batches call it too: timers do not fire while code runs. */
  expire(): void {
    if (this.#heap.length === 0) return;
    const now = this.#clock();
    for (let first = this.#heap[0]; first && deadlineOf(first) <= now; first = this.#heap[0]) {
      this.remove(first);
      this.#passed(first);
    }
  }

  /** A timer for an entry that left meanwhile is let fire: it costs less than another one. */
  #arm(): void {
    const first = this.#heap[0];
    if (!first) return;
    const at = deadlineOf(first);
    if (this.#timer && this.#timer.at <= at) return;
    clearTimeout(this.#timer?.handle);
    const delay = Math.min(LONGEST_TIMER, Math.max(0, Math.ceil(at - this.#clock())));
    const handle = setTimeout(() => {
      this.#timer = undefined;
      this.expire();
      this.#arm();
    }, delay);
    handle.unref();
    this.#timer = { at, handle };
  }

  /** Puts an entry at `at` or above. */
  #rise(entry: Entry<T>, at: number): void {
    let place = at;
    while (place > 0) {
      const parent = this.#heap[(place - 1) >> 1]!;
      if (deadlineOf(parent) <= deadlineOf(entry)) break;
      this.#put(parent, place);
      place = (place - 1) >> 1;
    }
    this.#put(entry, place);
  }

  #sink(entry: Entry<T>): void {
    let place = entry.heapAt;
    for (;;) {
      const left = 2 * place + 1;
      let child = this.#heap[left];
      const right = this.#heap[left + 1];
      if (child && right && deadlineOf(right) < deadlineOf(child)) child = right;
      if (!child || deadlineOf(entry) <= deadlineOf(child)) break;
      const next = child.heapAt;
      this.#put(child, place);
      place = next;
    }
    this.#put(entry, place);
  }

  #put(entry: Entry<T>, place: number): void {
    this.#heap[place] = entry;
    entry.heapAt = place;
  }
}

function deadlineOf<T>(entry: Entry<T>): number {
  return entry.request.deadline!;
}
