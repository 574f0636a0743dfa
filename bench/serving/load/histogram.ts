/** Latencies as counts in log-linear buckets: every value is kept to 0.8 %, however long the run is. */

/** Milliseconds; `count` values. */
export interface Percentiles {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Buckets of an octave, as a power of two. */
const BITS = 7;
const PER_OCTAVE = 2 ** BITS;
/** Microseconds that 32-bit shifts take: 35 minutes. */
const LARGEST = 2 ** 31 - 1;
const BUCKETS = (32 - BITS + 1) * PER_OCTAVE;

const microseconds = (value: number): number => Math.round(value) / 1000;

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  /** Takes milliseconds; less than 1 µs counts as 1 µs. */
  record(milliseconds: number): void {
    const value = Math.min(LARGEST, Math.max(1, Math.round(1000 * milliseconds)));
    const shift = Math.max(0, 31 - Math.clz32(value) - BITS);
    const at = shift * PER_OCTAVE + (value >> shift);
    this.#counts[at] = this.#counts[at]! + 1;
    this.#count += 1;
    this.#sum += value;
    this.#max = Math.max(this.#max, value);
  }

  /** The least value, in ms, that `share` of all values do not exceed (nearest rank); 0 when there are none. */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let at = 0; at < BUCKETS; at++) {
      seen += this.#counts[at]!;
      if (seen >= rank) return microseconds(Math.min(this.#max, highestOf(at)));
    }
    return 0;
  }

  percentiles(): Percentiles {
    return {
      count: this.#count,
      meanMs: microseconds(this.#count === 0 ? 0 : this.#sum / this.#count),
      p50Ms: this.percentile(0.5),
      p99Ms: this.percentile(0.99),
      p999Ms: this.percentile(0.999),
      maxMs: microseconds(this.#max),
    };
  }
}

/** The largest value of a bucket, in microseconds. */
function highestOf(at: number): number {
  const shift = Math.max(0, Math.floor(at / PER_OCTAVE) - 1);
  return (at - shift * PER_OCTAVE + 1) * 2 ** shift - 1;
}
