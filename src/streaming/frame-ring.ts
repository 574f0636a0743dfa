/** Frames in order of time, in one growing ring of typed arrays. Nothing is allocated before the first frame. */

const FIRST_CAPACITY = 16;

export class FrameRing {
  readonly #channels: number;
  #times = new Float64Array(0);
  /** `[capacity, channels]` */
  #values = new Float32Array(0);
  #head = 0;
  #length = 0;

  constructor(channels: number) {
    this.#channels = channels;
  }

  get length(): number {
    return this.#length;
  }

  /** Time of frame `i`, counted from the oldest. */
  time(i: number): number {
    return this.#times[this.#slot(i)]!;
  }

  value(i: number, channel: number): number {
    return this.#values[this.#slot(i) * this.#channels + channel]!;
  }

  /**
   * Puts a frame in its place by time; a frame of the same time is replaced. `from` is where its values begin in
   * `values`. Costs as many moves as frames are newer.
   */
  insert(time: number, values: Float32Array, from: number): 'inserted' | 'replaced' {
    let at = this.#length;
    while (at > 0 && this.time(at - 1) > time) at -= 1;
    if (at > 0 && this.time(at - 1) === time) {
      this.#write(this.#slot(at - 1), time, values, from);
      return 'replaced';
    }
    if (this.#length === this.#times.length) this.#grow();
    for (let i = this.#length; i > at; i--) this.#move(this.#slot(i - 1), this.#slot(i));
    this.#length += 1;
    this.#write(this.#slot(at), time, values, from);
    return 'inserted';
  }

  /** Forgets the `count` oldest frames. */
  drop(count: number): void {
    this.#head = this.#length === count ? 0 : this.#slot(count);
    this.#length -= count;
  }

  /** Capacity is a power of two. */
  #slot(i: number): number {
    return (this.#head + i) & (this.#times.length - 1);
  }

  #write(slot: number, time: number, values: Float32Array, from: number): void {
    this.#times[slot] = time;
    this.#values.set(values.subarray(from, from + this.#channels), slot * this.#channels);
  }

  #move(from: number, to: number): void {
    const { [from]: time } = this.#times;
    this.#times[to] = time!;
    const channels = this.#channels;
    this.#values.copyWithin(to * channels, from * channels, (from + 1) * channels);
  }

  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, 2 * this.#times.length);
    const times = new Float64Array(capacity);
    const values = new Float32Array(capacity * this.#channels);
    const first = this.#times.length - this.#head;
    times.set(this.#times.subarray(this.#head));
    times.set(this.#times.subarray(0, this.#head), first);
    values.set(this.#values.subarray(this.#head * this.#channels));
    values.set(this.#values.subarray(0, this.#head * this.#channels), first * this.#channels);
    [this.#times, this.#values, this.#head] = [times, values, 0];
  }
}
