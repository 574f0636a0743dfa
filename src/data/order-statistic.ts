/** Bits of a key that one pass counts. */
const DIGIT = 16;
const BINS = 1 << DIGIT;

/**
 * The value of each rank, from 0, that sorting `values` would bring there, without sorting: two counting passes over
 * keys that order as the numbers do. Exact, and linear in `values`. No NaN.
 */
export function orderStatistics(values: Float32Array, ranks: readonly number[]): number[] {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const coarse = new Uint32Array(BINS);
  for (let i = 0; i < bits.length; i++) coarse[ascending(bits[i]!) >>> DIGIT]!++;
  return ranks.map((rank) => {
    const [high, before] = binOf(coarse, rank);
    const fine = new Uint32Array(BINS);
    for (let i = 0; i < bits.length; i++) {
      const key = ascending(bits[i]!);
      if (key >>> DIGIT === high) fine[key & (BINS - 1)]!++;
    }
    const [low] = binOf(fine, rank - before);
    return numberOf(((high << DIGIT) | low) >>> 0);
  });
}

/** IEEE 754 bits as an unsigned integer that orders as the number does: negative numbers reversed, below the others. */
function ascending(bits: number): number {
  return (bits >>> 31 ? ~bits : bits | 0x80000000) >>> 0;
}

function numberOf(key: number): number {
  const bits = Uint32Array.of(key >>> 31 ? key & 0x7fffffff : ~key);
  return new Float32Array(bits.buffer)[0]!;
}

/** The bin that holds a rank, and how many come before it. */
function binOf(counts: Uint32Array, rank: number): [bin: number, before: number] {
  let before = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const next = before + counts[bin]!;
    if (rank < next) return [bin, before];
    before = next;
  }
  throw new RangeError(`rank ${rank} of ${before} values`);
}
