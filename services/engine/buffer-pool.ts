/** Arrays that are kept. */
const KEPT = 8;

/** Arrays for rows that are used again and again, so that reading a batch makes no garbage. */
export class BufferPool {
  readonly #free: Float32Array[] = [];

  /** At least `count` values, of whatever was in them before. */
  take(count: number): Float32Array {
    const at = this.#free.findIndex(({ length }) => length >= count);
    if (at >= 0) return this.#free.splice(at, 1)[0]!;
    return new Float32Array(2 ** Math.ceil(Math.log2(Math.max(1, count))));
  }

  /** The largest are kept. */
  give(array: Float32Array): void {
    this.#free.push(array);
    if (this.#free.length <= KEPT) return;
    this.#free.sort((a, b) => b.length - a.length);
    this.#free.pop();
  }
}
