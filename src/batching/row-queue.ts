import { Lane } from './lane.ts';
import type { Entry } from './request.ts';

/**
 * Empty lanes that stay. A Map that one enters and leaves with every request keeps what it held reachable for the young
 * collections of V8.
 */
const KEPT_LANES = 16;

/**
 * Rows that wait, a lane for each key. The lane of the oldest request is next, so no key starves: whatever others
 * send, a request waits for those that came before it. Requests that ran when the engine went away come before all,
 * in lanes where they run alone.
 */
export class RowQueue<T> {
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #alone = new Map<string, Lane<T>>();
  #orders = 0;
  #rows = 0;

  /** Rows that wait, of all keys. */
  get rows(): number {
    return this.#rows;
  }

  push(entry: Entry<T>, alone = false): void {
    const { key } = entry.request;
    const lanes = alone ? this.#alone : this.#lanes;
    let lane = lanes.get(key);
    if (!lane) {
      lane = new Lane(key, alone);
      lanes.set(key, lane);
    }
    lane.push(entry, this.#orders++);
    this.#rows += entry.waiting;
  }

  /** Takes a request out, wherever it waits; nothing happens when none of its rows does. */
  drop(entry: Entry<T>): void {
    if (!entry.lane) return;
    const lane = entry.lane as Lane<T>;
    this.#rows -= entry.waiting;
    lane.drop(entry);
    this.#forget(lane);
  }

  /** The lane that is next of those that `open` lets go. */
  next(open: (key: string) => boolean): Lane<T> | undefined {
    return oldest(this.#alone, open) ?? oldest(this.#lanes, open);
  }

  take(lane: Lane<T>, maxRows: number, first: (entry: Entry<T>) => void): ReturnType<Lane<T>['take']> {
    const batch = lane.take(maxRows, first);
    this.#rows -= batch.rows;
    this.#forget(lane);
    return batch;
  }

  /** Every request of a key. */
  entriesOf(key: string): Entry<T>[] {
    return [this.#alone, this.#lanes].flatMap((lanes) => lanes.get(key)?.entries() ?? []);
  }

  #forget(lane: Lane<T>): void {
    const lanes = lane.alone ? this.#alone : this.#lanes;
    if (lane.rows === 0 && lanes.size > KEPT_LANES) lanes.delete(lane.key);
  }
}

function oldest<T>(lanes: Map<string, Lane<T>>, open: (key: string) => boolean): Lane<T> | undefined {
  let found: Lane<T> | undefined;
  for (const lane of lanes.values())
    if (lane.rows > 0 && open(lane.key) && (!found || lane.order < found.order)) found = lane;
  return found;
}
