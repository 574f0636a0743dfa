import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { SynthesizeRequestSchema } from '../gen/vigil/v1/synthesize_pb.ts';
import { toCounts } from './counts.ts';

const CLASSES = ['a', 'b', 'c'];
const MOST = 100;
const planned = (request: MessageInitShape<typeof SynthesizeRequestSchema>) =>
  toCounts(create(SynthesizeRequestSchema, request), CLASSES, MOST).map(({ className, rows }) => [
    className,
    rows,
  ]);
const has = (counts: Record<string, number>) =>
  Object.entries(counts).map(([className, rows]) => ({ className, rows: BigInt(rows) }));
const toRows = (rows: number) => ({ case: 'toRows' as const, value: BigInt(rows) });
const toLargest = { case: 'toLargest' as const, value: true };

test('a balance fills every class of the model, in its order; those that are not named have no row', () => {
  const balance = { present: has({ c: 12, a: 4 }), target: toRows(10) };
  expect(planned({ balance })).toEqual([
    ['a', 6],
    ['b', 10],
  ]);
});

test('up to the largest class', () => {
  const balance = { present: has({ a: 4, b: 9, c: 0 }), target: toLargest };
  expect(planned({ balance })).toEqual([
    ['a', 5],
    ['c', 9],
  ]);
});

test('where nothing lacks, nothing is drawn', () => {
  expect(planned({ balance: { present: has({ a: 5, b: 5, c: 5 }), target: toLargest } })).toEqual([]);
});

test.each<[MessageInitShape<typeof SynthesizeRequestSchema>, string]>([
  [{}, 'counts: found no entry; allowed: at least one class with its rows, or balance'],
  [{ counts: has({ a: 1 }), balance: { target: toRows(1) } }, 'either counts or balance'],
  [{ counts: has({ a: 60, b: 60 }) }, 'counts: found 120 rows together; allowed: at most 100 in a call'],
  [{ balance: { target: toRows(40) } }, 'balance: found 120 rows together; allowed: at most 100 in a call'],
  [{ balance: {} }, 'balance: found no target; allowed: to_rows or to_largest'],
  [{ balance: { target: toRows(0) } }, 'balance.to_rows: found 0; allowed: 1 to 100'],
  [{ balance: { target: toRows(-3) } }, 'balance.to_rows: found -3'],
  [{ balance: { target: { ...toLargest, value: false } } }, 'balance.to_largest: found false'],
  [{ balance: { present: has({ a: 0 }), target: toLargest } }, 'balance.present: found no class with a row'],
  [{ balance: { present: has({ a: -1 }), target: toRows(3) } }, 'balance.present[0].rows: found -1'],
  [{ balance: { present: has({ z: 1 }), target: toRows(3) } }, 'balance.present[0].class_name: found "z"'],
])('%o is refused: %s', (request, text) => {
  expect(() => planned(request)).toThrow(text);
});
