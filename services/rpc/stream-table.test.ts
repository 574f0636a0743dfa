import { expect, test } from 'vitest';
import { integerAt, randomKey } from '../../src/random.ts';
import { StreamTable } from './stream-table.ts';

test.each([1, 8, 40, 3000])('does what a Map does, with %i streams that are open at a time', (open) => {
  const key = randomKey(1, 'streams', open);
  const table = new StreamTable<string>();
  const map = new Map<number, string>();
  // The first stays open for good: later ids come by its slot again and again.
  for (let call = 0; call < 6000; call++) {
    const id = 2 * call + 1;
    table.set(id, `stream ${id}`);
    map.set(id, `stream ${id}`);
    while (map.size > open + 1) {
      const others = [...map.keys()].slice(1);
      const gone = others[integerAt(key, call, others.length)]!;
      expect(table.delete(gone)).toBe(map.delete(gone));
      expect(table.get(gone)).toBeUndefined();
      expect(table.delete(gone)).toBe(false);
    }
    expect([table.size, table.get(id), table.get(1)]).toEqual([map.size, map.get(id), 'stream 1']);
  }
  const seen = new Map<number, string>();
  table.forEach((stream, id) => {
    seen.set(id, stream);
    table.delete(id);
  });
  expect(seen).toEqual(map);
  expect(table.size).toBe(0);
});

test('a stream that is set again is the one that is found', () => {
  const table = new StreamTable<string>();
  expect(table.set(1, 'first').set(33, 'other').set(1, 'second').get(1)).toBe('second');
  expect(table.size).toBe(2);
});
