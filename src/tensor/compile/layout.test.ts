import { expect, test } from 'vitest';
import { integerAt, randomKey } from '../../random.ts';
import { type Layout, type Shape, sizeOf } from '../engine.ts';
import {
  blocked,
  type Conversion,
  conversion,
  isRowMajor,
  POSITIONS,
  physical,
  rowMajor,
  runsOf,
  sameLayout,
  transposed,
} from './layout.ts';
import { arranged } from './testing/network-program.ts';

const numbered = (shape: Shape): Float32Array => Float32Array.from({ length: sizeOf(shape) }, (_, i) => i);

/** NumPy's `transpose`, element by element. */
function transpose(values: Float32Array, shape: Shape, permutation: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  return values.map((_, at) => {
    let rest = at;
    const from = permutation.toReversed().reduce((offset, axis) => {
      const index = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
      return offset + index * strides[axis]!;
    }, 0);
    return values[from]!;
  });
}

const converted = (values: Float32Array, { from, permutation, still }: Conversion): Float32Array =>
  still ? values : transpose(values, from, permutation);

/** Shapes with many axes of one element, and two layouts of each that share the size of their blocks. */
function draw(seed: number): { shape: number[]; a: Layout; b: Layout } {
  let at = 0;
  const below = (bound: number): number => integerAt(randomKey(seed, 'layouts'), at++, bound);
  const rank = 1 + below(4);
  const block = [1, 1, 2, 4][below(4)]!;
  const shape = Array.from({ length: rank }, () => 1 + below(3));
  shape[rank - 1] = block * (1 + below(2));
  const order = (): number[] => {
    const left = Array.from({ length: rank }, (_, axis) => axis);
    return Array.from({ length: rank }, () => left.splice(below(left.length), 1)[0]!);
  };
  const layout = (): Layout => ({ order: order(), block: below(3) > 0 ? block : 1 });
  return { shape, a: layout(), b: layout() };
}

test('a conversion moves every element to its place in the other layout, and back', () => {
  for (let seed = 0; seed < 500; seed++) {
    const { shape, a, b } = draw(seed);
    const label = JSON.stringify({ shape, a, b });
    const [inA, inB] = [arranged(numbered(shape), shape, a), arranged(numbered(shape), shape, b)];
    const there = conversion(shape, a, b);
    expect(converted(inA, there), label).toEqual(inB);
    expect(converted(inB, conversion(shape, b, a)), label).toEqual(inA);
    // Not only right, but seen: a conversion that moves nothing says so.
    if (inA.every((value, i) => value === inB[i])) expect(there.still, label).toBe(true);
  }
});

test('the runs of a conversion are what its transposition moves', () => {
  for (let seed = 0; seed < 200; seed++) {
    const { shape, a, b } = draw(seed);
    const change = conversion(shape, a, b);
    const { run, rows } = runsOf(change);
    const values = arranged(numbered(shape), shape, a);
    const moved = [...rows].flatMap((row) => [...values.subarray(row * run, (row + 1) * run)]);
    expect(moved, JSON.stringify({ shape, a, b })).toEqual([
      ...transpose(values, change.from, change.permutation),
    ]);
  }
});

test('dimensions in memory hold as many elements as the shape', () => {
  expect(physical(rowMajor(4), [2, 3, 5, 8])).toEqual([2, 3, 5, 8]);
  expect(physical(POSITIONS, [2, 3, 5, 8])).toEqual([3, 5, 2, 8]);
  expect(physical(blocked(4), [2, 3, 5, 8])).toEqual([2, 2, 3, 5, 4]);
  expect(physical(blocked(1), [2, 3, 5, 8])).toEqual([2, 8, 3, 5]);
  expect(physical(rowMajor(0), [])).toEqual([]);
});

test('a transposition that moves nothing keeps every element under its new index', () => {
  for (let seed = 0; seed < 200; seed++) {
    const { shape, a, b } = draw(seed);
    const layout = { order: a.order, block: 1 };
    const perm = b.order;
    const turned = transpose(numbered(shape), shape, perm);
    const shapeAfter = perm.map((axis) => shape[axis]!);
    const found = arranged(turned, shapeAfter, transposed(layout, perm));
    expect(found, JSON.stringify({ shape, layout, perm })).toEqual(arranged(numbered(shape), shape, layout));
  }
});

test('blocks survive a transposition that leaves the last axis where it is', () => {
  const [shape, perm] = [
    [2, 3, 5, 8],
    [1, 0, 2, 3],
  ];
  const turned = transpose(numbered(shape), shape, perm);
  const found = arranged(turned, [3, 2, 5, 8], transposed(blocked(4), perm));
  expect(found).toEqual(arranged(numbered(shape), shape, blocked(4)));
});

test('layouts are the same when their axes and blocks are, and row-major is one of them', () => {
  expect(sameLayout(POSITIONS, { order: [1, 2, 0, 3], block: 1 })).toBe(true);
  expect(sameLayout(blocked(4), blocked(8))).toBe(false);
  expect(sameLayout(rowMajor(3), rowMajor(4))).toBe(false);
  expect(sameLayout(POSITIONS, rowMajor(4))).toBe(false);
  expect([rowMajor(4), POSITIONS, { order: [0, 1], block: 2 }].map(isRowMajor)).toEqual([true, false, false]);
});

test('blocks of different sizes do not meet', () => {
  expect(() => conversion([2, 3, 5, 8], blocked(2), blocked(4))).toThrow('from blocks of 2 to blocks of 4');
});
