/**
 * How the elements of a value lie in memory. The logical shape of a value never changes; lowerings choose layouts, and a
 * conversion is emitted only where two of them meet.
 */
import type { Layout, Shape } from '../engine.ts';

/** Elements in the order of the logical shape. */
export function rowMajor(rank: number): Layout {
  return { order: Array.from({ length: rank }, (_, axis) => axis), block: 1 };
}

/** `[batch, height, width, channels]` as `[height, width, batch, channels]`: a position's rows of all samples together. */
export const POSITIONS: Layout = { order: [1, 2, 0, 3], block: 1 };

export function sameLayout(a: Layout, b: Layout): boolean {
  return (
    a.block === b.block && a.order.length === b.order.length && a.order.every((x, i) => x === b.order[i])
  );
}

export function isRowMajor({ order, block }: Layout): boolean {
  return block === 1 && order.every((axis, i) => axis === i);
}

/** Dimensions as they lie in memory. */
export function physical({ order, block }: Layout, shape: Shape): number[] {
  const last = shape.length - 1;
  const dimensions = order.map((axis) => (axis === last ? shape[axis]! / block : shape[axis]!));
  return block > 1 ? [...dimensions, block] : dimensions;
}

/** A conversion as one transposition: `from` the dimensions in memory, cut further where a block begins or ends. */
export interface Conversion {
  readonly from: readonly number[];
  readonly permutation: readonly number[];
  /** True when no element moves: a reshape is enough. */
  readonly still: boolean;
}

/** Moves a value of logical `shape` from one layout to another. Blocks, where both have them, are of one size. */
export function conversion(shape: Shape, from: Layout, to: Layout): Conversion {
  if (from.block > 1 && to.block > 1 && from.block !== to.block)
    throw new Error(`no conversion from blocks of ${from.block} to blocks of ${to.block}`);
  const block = Math.max(from.block, to.block);
  const source = parts(shape, from, block);
  const target = parts(shape, to, block);
  const permutation = target.map(({ name }) => source.findIndex((part) => part.name === name));
  const moving = permutation.filter((axis) => source[axis]!.size > 1);
  return {
    from: source.map(({ size }) => size),
    permutation,
    still: moving.every((axis, i) => i === 0 || axis > moving[i - 1]!),
  };
}

interface Part {
  readonly name: string;
  readonly size: number;
}

/** Axes in memory, the last logical axis as outer and inner part wherever either layout cuts it. */
function parts(shape: Shape, { order, block }: Layout, cut: number): Part[] {
  const last = shape.length - 1;
  const inner = { name: 'inner', size: cut };
  const axes = order.flatMap((axis): Part[] => {
    if (axis !== last || cut === 1) return [{ name: String(axis), size: shape[axis]! }];
    const outer = { name: 'outer', size: shape[axis]! / cut };
    return block > 1 ? [outer] : [outer, inner];
  });
  return cut > 1 && block > 1 ? [...axes, inner] : axes;
}

/** The layout after a transposition by `perm` that moves nothing. Blocked values stay so only if the last axis does. */
export function transposed({ order, block }: Layout, perm: readonly number[]): Layout {
  return { order: order.map((axis) => perm.indexOf(axis)), block };
}

/** `[batch, channels / block, height, width, block]` of a value `[batch, height, width, channels]`. */
export const blocked = (block: number): Layout => ({ order: [0, 3, 1, 2], block });

/** A conversion as whole runs: `rows[i]` is the run of `run` values, as they lie, that comes i-th. */
export function runsOf({ from, permutation }: Conversion): { run: number; rows: Int32Array } {
  let kept = from.length;
  while (kept > 0 && permutation[kept - 1] === kept - 1) kept--;
  const run = from.slice(kept).reduce((a, b) => a * b, 1);
  const strides = from.map((_, axis) => from.slice(axis + 1, kept).reduce((a, b) => a * b, 1));
  const axes = permutation.slice(0, kept);
  const rows = new Int32Array(from.slice(0, kept).reduce((a, b) => a * b, 1));
  const index = axes.map(() => 0);
  for (let at = 0, row = 0; at < rows.length; at++) {
    rows[at] = row;
    for (let i = axes.length - 1; i >= 0; i--) {
      row += strides[axes[i]!]!;
      if (++index[i]! < from[axes[i]!]!) break;
      row -= strides[axes[i]!]! * from[axes[i]!]!;
      index[i] = 0;
    }
  }
  return { run, rows };
}
