import type { Engine, Program } from '../../tensor/engine.ts';
import { matMul } from '../../tensor/ops.ts';

/** Rows of one product of matrices: large enough for the engine's best rate, small enough to stay in memory. */
const QUERIES = 512;
const TILE = 2048;
/** Most values of a tile, 64 MiB. */
const TILE_VALUES = 2 ** 24;
/** Candidates beyond k that are measured exactly, because products of float32 put near ties in the wrong order. */
const SPARE = 8;

/**
 * The k nearest other rows of every row by Euclidean distance, nearest first, the first among equals: `[rows, k]`
 * positions; of fewer than k + 1 rows, all others. `points` is `[rows, size]`. The engine multiplies, in blocks; the
 * nearest candidates are measured again in double precision, so that engines agree. `pause` is awaited between blocks of either.
 */
export async function nearestNeighbours(
  engine: Engine,
  points: Float32Array,
  size: number,
  k: number,
  pause: () => Promise<void>,
): Promise<Uint32Array> {
  const rows = points.length / size;
  const nearest = new Nearest(rows, Math.min(k + SPARE, rows - 1));
  const wanted = Math.min(k, rows - 1);
  if (wanted < 1) return new Uint32Array();
  await scan(engine, points, size, nearest, pause);
  const out = new Uint32Array(rows * wanted);
  for (let row = 0; row < rows; row++) {
    if (row % QUERIES === 0) await pause();
    const measured = Array.from(nearest.of(row), (other) => ({
      other,
      distance: squaredDistance(points, size, row, other),
    }));
    measured.sort((a, b) => a.distance - b.distance || a.other - b.other);
    for (let i = 0; i < wanted; i++) out[row * wanted + i] = measured[i]!.other;
  }
  return out;
}

/**
 * Offers every pair of rows to `nearest`, with |b|^2 - 2 a.b, which orders the b by their distance to a. A product
 * serves both rows of a pair, so queries begin with the tile's own rows.
 */
async function scan(
  engine: Engine,
  points: Float32Array,
  size: number,
  nearest: Nearest,
  pause: () => Promise<void>,
): Promise<void> {
  const rows = points.length / size;
  const queries = Math.min(QUERIES, rows);
  const tile = Math.min(TILE, rows, Math.max(1, Math.floor(TILE_VALUES / size)));
  const state = engine.createState({ tile: [tile, size] }, {});
  const program: Program = {
    name: `products-${queries}x${tile}`,
    inputs: { queries: [queries, size] },
    state: state.shapes,
    run: (inputs, { tile: others }) => ({
      outputs: { products: matMul(inputs.queries!, others!, false, true) },
    }),
  };
  const norms = squaredNorms(points, size);
  const executable = await engine.compile(program, state);
  try {
    for (let first = 0; first < rows; first += tile) {
      state.write({ tile: block(points, size, first, tile) });
      const last = Math.min(first + tile, rows);
      for (let start = first; start < rows; start += queries) {
        const { products } = await executable.run({ queries: block(points, size, start, queries) });
        for (let a = start; a < Math.min(start + queries, rows); a++) {
          const line = (a - start) * tile - first;
          for (let b = first; b < last; b++) {
            const twice = 2 * products![line + b]!;
            nearest.offer(a, b, norms[b]! - twice);
            if (a >= last) nearest.offer(b, a, norms[a]! - twice);
          }
        }
        await pause();
      }
    }
  } finally {
    await executable.dispose();
    state.dispose();
  }
}

/** `count` rows from `first`; zeros where there are no more. */
function block(points: Float32Array, size: number, first: number, count: number): Float32Array {
  const part = points.subarray(first * size, (first + count) * size);
  if (part.length === count * size) return part;
  const padded = new Float32Array(count * size);
  padded.set(part);
  return padded;
}

function squaredNorms(points: Float32Array, size: number): Float64Array {
  const norms = new Float64Array(points.length / size);
  points.forEach((value, i) => {
    norms[Math.floor(i / size)]! += value ** 2;
  });
  return norms;
}

function squaredDistance(points: Float32Array, size: number, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += (points[a * size + i]! - points[b * size + i]!) ** 2;
  return sum;
}

/** The few nearest others of every row, among those that were offered. */
class Nearest {
  readonly #kept: number;
  readonly #scores: Float64Array;
  readonly #others: Uint32Array;

  constructor(rows: number, kept: number) {
    this.#kept = kept;
    this.#scores = new Float64Array(rows * kept).fill(Number.POSITIVE_INFINITY);
    this.#others = new Uint32Array(rows * kept);
  }

  offer(row: number, other: number, score: number): void {
    const start = row * this.#kept;
    let at = start + this.#kept - 1;
    if (!this.#isBefore(score, other, at) || other === row) return;
    for (; at > start && this.#isBefore(score, other, at - 1); at--) {
      this.#scores[at] = this.#scores[at - 1]!;
      this.#others[at] = this.#others[at - 1]!;
    }
    this.#scores[at] = score;
    this.#others[at] = other;
  }

  of(row: number): Uint32Array {
    return this.#others.subarray(row * this.#kept, (row + 1) * this.#kept);
  }

  #isBefore(score: number, other: number, at: number): boolean {
    const kept = this.#scores[at]!;
    return score < kept || (score === kept && other < this.#others[at]!);
  }
}
