import type { Batch, Part } from './batch.ts';
import type { Entry } from './request.ts';

interface Place<T> {
  readonly entry: Entry<T>;
  readonly order: number;
}

/** Places at the front, or of dropped requests, that are kept before the list is written anew. */
const SLACK = 64;

/**
 * Requests of one key in order of arrival. Dropping one is O(1): its place goes stale and is skipped later. Stale
 * places are never more than the live ones and a constant, so that callers who come and leave take no memory.
 */
export class Lane<T> {
  readonly key: string;
  /** Its requests run one by one. */
  readonly alone: boolean;
  /** Rows that wait. */
  rows = 0;
  /** Undefined where it has been taken. */
  #places: (Place<T> | undefined)[] = [];
  #head = 0;
  #stale = 0;

  constructor(key: string, alone: boolean) {
    this.key = key;
    this.alone = alone;
  }

  /** When its oldest request came; Infinity when none waits. */
  get order(): number {
    this.#skip();
    return this.#places[this.#head]?.order ?? Number.POSITIVE_INFINITY;
  }

  push(entry: Entry<T>, order: number): void {
    entry.lane = this;
    this.rows += entry.waiting;
    this.#places.push({ entry, order });
  }

  drop(entry: Entry<T>): void {
    entry.lane = undefined;
    this.rows -= entry.waiting;
    this.#stale += 1;
    if (this.rows === 0) this.#clear();
    else if (this.#stale > SLACK && this.#stale > (this.#places.length - this.#head) / 2) this.#rewrite();
  }

  /** The next batch, at most `maxRows`; at least one row must wait. `first` hears of requests that begin to run. */
  take(maxRows: number, first: (entry: Entry<T>) => void): Batch<T> {
    const parts: Part<T>[] = [];
    let rows = 0;
    while (rows < maxRows) {
      this.#skip();
      const entry = this.#places[this.#head]?.entry;
      if (!entry || (this.alone && parts.length > 0)) break;
      const count = Math.min(entry.waiting, maxRows - rows);
      if (entry.taken === 0) first(entry);
      parts.push({ entry, attempt: entry.attempt, from: entry.taken, rows: count });
      entry.taken += count;
      rows += count;
      if (entry.waiting > 0) break;
      entry.lane = undefined;
      this.#places[this.#head] = undefined;
      this.#head += 1;
    }
    this.rows -= rows;
    if (this.rows === 0) this.#clear();
    else if (this.#head > SLACK && this.#head > this.#places.length / 2) this.#rewrite();
    return { key: this.key, parts, rows, alone: this.alone };
  }

  /** Every request that waits, in order. */
  entries(): Entry<T>[] {
    return this.#places.flatMap((place) => (place?.entry.lane === this ? [place.entry] : []));
  }

  #skip(): void {
    while (this.#head < this.#places.length && this.#places[this.#head]?.entry.lane !== this) {
      this.#head += 1;
      this.#stale -= 1;
    }
  }

  #clear(): void {
    this.#places = [];
    this.#head = 0;
    this.#stale = 0;
  }

  #rewrite(): void {
    this.#places = this.#places.slice(this.#head).filter((place) => place?.entry.lane === this);
    this.#head = 0;
    this.#stale = 0;
  }
}
