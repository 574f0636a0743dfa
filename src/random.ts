/**
 * Counter-based randomness: every number is a pure function of (seed, purpose, path, index). Nothing has a state,
 * so a resumed run continues with the same bits, and row i is the same whatever was drawn before it.
 * Generator: Threefry-2x32, 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 */

/** Names one stream of numbers. Make it with `randomKey`. */
export interface RandomKey {
  readonly k0: number;
  readonly k1: number;
}

const PARITY = 0x1bd11bda;

/** Threefry-2x32-20 of the counter (c0, c1); writes two uint32 to `out` at `at`. */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number, out: Uint32Array, at = 0): void {
  const k2 = (PARITY ^ k0 ^ k1) | 0;
  let x = (c0 + k0) | 0;
  let y = (c1 + k1) | 0;
  // Rounds 1-4, inject (k1, k2 + 1)
  x = (x + y) | 0;
  y = ((y << 13) | (y >>> 19)) ^ x;
  x = (x + y) | 0;
  y = ((y << 15) | (y >>> 17)) ^ x;
  x = (x + y) | 0;
  y = ((y << 26) | (y >>> 6)) ^ x;
  x = (x + y) | 0;
  y = ((y << 6) | (y >>> 26)) ^ x;
  x = (x + k1) | 0;
  y = (y + k2 + 1) | 0;
  x = (x + y) | 0;
  y = ((y << 17) | (y >>> 15)) ^ x;
  x = (x + y) | 0;
  y = ((y << 29) | (y >>> 3)) ^ x;
  x = (x + y) | 0;
  y = ((y << 16) | (y >>> 16)) ^ x;
  x = (x + y) | 0;
  y = ((y << 24) | (y >>> 8)) ^ x;
  x = (x + k2) | 0;
  y = (y + k0 + 2) | 0;
  x = (x + y) | 0;
  y = ((y << 13) | (y >>> 19)) ^ x;
  x = (x + y) | 0;
  y = ((y << 15) | (y >>> 17)) ^ x;
  x = (x + y) | 0;
  y = ((y << 26) | (y >>> 6)) ^ x;
  x = (x + y) | 0;
  y = ((y << 6) | (y >>> 26)) ^ x;
  x = (x + k0) | 0;
  y = (y + k1 + 3) | 0;
  x = (x + y) | 0;
  y = ((y << 17) | (y >>> 15)) ^ x;
  x = (x + y) | 0;
  y = ((y << 29) | (y >>> 3)) ^ x;
  x = (x + y) | 0;
  y = ((y << 16) | (y >>> 16)) ^ x;
  x = (x + y) | 0;
  y = ((y << 24) | (y >>> 8)) ^ x;
  x = (x + k1) | 0;
  y = (y + k2 + 4) | 0;
  x = (x + y) | 0;
  y = ((y << 13) | (y >>> 19)) ^ x;
  x = (x + y) | 0;
  y = ((y << 15) | (y >>> 17)) ^ x;
  x = (x + y) | 0;
  y = ((y << 26) | (y >>> 6)) ^ x;
  x = (x + y) | 0;
  y = ((y << 6) | (y >>> 26)) ^ x;
  out[at] = (x + k2) | 0;
  out[at + 1] = (y + k0 + 5) | 0;
}

/** FNV-1a over UTF-16 code units: turns a purpose's name into key material. */
function hashName(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * The stream for one purpose. `seed` is an integer in [0, 2^53); `path` refines the purpose (step, class, ...).
 * Streams with different seeds, purposes or paths are independent.
 */
export function randomKey(seed: number, purpose: string, ...path: readonly number[]): RandomKey {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`seed ${seed} is not an integer in [0, 2^53)`);
  const words = new Uint32Array(2);
  threefry2x32(seed >>> 0, Math.floor(seed / 2 ** 32), hashName(purpose), path.length, words);
  for (const part of path) {
    threefry2x32(words[0]!, words[1]!, part >>> 0, Math.floor(part / 2 ** 32) >>> 0, words);
  }
  return { k0: words[0]! | 0, k1: words[1]! | 0 };
}

const block = new Uint32Array(2);

/** Word `index` of the stream: a uint32. */
export function wordAt(key: RandomKey, index: number): number {
  threefry2x32(key.k0, key.k1, index >>> 1, Math.floor(index / 2 ** 33), block);
  return block[index & 1]!;
}

/** Number `index` of the stream, uniform in [0, 1) with 32 bits. */
export function uniformAt(key: RandomKey, index: number): number {
  return wordAt(key, index) / 2 ** 32;
}

/** Integer `index` of the stream, uniform in [0, bound). The bias is below bound / 2^32. */
export function integerAt(key: RandomKey, index: number, bound: number): number {
  return Math.floor(uniformAt(key, index) * bound);
}

/** Fills `out` with uniforms in [0, 1) of 24 bits (exact in float32); element i is number `offset + i`. */
export function fillUniform(key: RandomKey, out: Float32Array, offset = 0): Float32Array {
  for (let i = 0; i < out.length; i++) out[i] = (wordAt(key, offset + i) >>> 8) / 2 ** 24;
  return out;
}

/** Fills `out` with standard normals (Box-Muller); element i is number `offset + i` of the stream. */
export function fillNormal(key: RandomKey, out: Float32Array, offset = 0): Float32Array {
  for (let i = 0; i < out.length; ) {
    const index = offset + i;
    threefry2x32(key.k0, key.k1, index >>> 1, Math.floor(index / 2 ** 33), block);
    const radius = Math.sqrt(-2 * Math.log((block[0]! + 1) / 2 ** 32));
    const angle = (2 * Math.PI * block[1]!) / 2 ** 32;
    // One block makes two numbers, of which an odd offset or length takes one.
    if ((index & 1) === 0) out[i++] = radius * Math.cos(angle);
    if (i < out.length) out[i++] = radius * Math.sin(angle);
  }
  return out;
}

/**
 * Fills `out` with an inverted-dropout mask: 0 with probability `rate`, else 1 / (1 - rate). Eight bits decide
 * each element, so `rate` is rounded to a multiple of 1/256, and the scale uses the rounded rate: the mean stays 1.
 */
export function fillDropoutMask(key: RandomKey, out: Float32Array, rate: number): Float32Array {
  const threshold = Math.round(rate * 256);
  const keep = 256 / (256 - threshold);
  const { k0, k1 } = key;
  const full = out.length & ~7;
  for (let i = 0; i < out.length; i += 8) {
    threefry2x32(k0, k1, i >>> 3, 0, block);
    const a = block[0]!;
    const b = block[1]!;
    if (i < full) {
      out[i] = (a & 255) < threshold ? 0 : keep;
      out[i + 1] = ((a >>> 8) & 255) < threshold ? 0 : keep;
      out[i + 2] = ((a >>> 16) & 255) < threshold ? 0 : keep;
      out[i + 3] = a >>> 24 < threshold ? 0 : keep;
      out[i + 4] = (b & 255) < threshold ? 0 : keep;
      out[i + 5] = ((b >>> 8) & 255) < threshold ? 0 : keep;
      out[i + 6] = ((b >>> 16) & 255) < threshold ? 0 : keep;
      out[i + 7] = b >>> 24 < threshold ? 0 : keep;
    } else {
      for (let j = 0; i + j < out.length; j++) {
        const word = j < 4 ? a : b;
        out[i + j] = ((word >>> (8 * (j & 3))) & 255) < threshold ? 0 : keep;
      }
    }
  }
  return out;
}

/** A permutation of 0..count-1 (Fisher-Yates). */
export function permutation(key: RandomKey, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = integerAt(key, i, i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}
