import { expect, test } from 'vitest';
import { chooseEvictions, type Evictable } from './eviction.ts';

const NONE: ReadonlySet<string> = new Set();
const model = (version: string, usedAt: number, changes: Partial<Evictable> = {}): Evictable => ({
  version: { version },
  loaded: true,
  bytes: 10,
  usedAt,
  ...changes,
});
const chosen = (
  models: Evictable[],
  limits: { maxResident?: number; memoryBytes?: number },
  pinned: ReadonlySet<string> = NONE,
  held: readonly string[] = [],
) => {
  const all = { maxResident: 100, memoryBytes: 1000, ...limits };
  const { unload, bytes } = chooseEvictions(models, pinned, (version) => Number(held.includes(version)), all);
  return { unload: unload.map(({ version }) => version.version), bytes };
};

test('within both limits everything stays', () => {
  const models = [model('1', 1), model('2', 2)];
  expect(chosen(models, { maxResident: 2, memoryBytes: 20 })).toEqual({ unload: [], bytes: 20 });
});

test('the least recently used go first, as few as either limit asks for', () => {
  const models = [model('1', 3), model('2', 1), model('3', 2)];
  expect(chosen(models, { maxResident: 2 })).toEqual({ unload: ['2'], bytes: 20 });
  expect(chosen(models, { memoryBytes: 19 })).toEqual({ unload: ['2', '3'], bytes: 10 });
});

test('what is pinned, held or loading stays, also when it alone is too much', () => {
  const models = [model('1', 1), model('2', 2), model('3', 3, { loaded: false, bytes: 0 })];
  expect(chosen(models, { maxResident: 1, memoryBytes: 5 }, new Set(['1']), ['2'])).toEqual({
    unload: [],
    bytes: 20,
  });
});

test('a large version goes before its turn comes only if it is the oldest', () => {
  const models = [model('1', 1), model('2', 2, { bytes: 500 })];
  expect(chosen(models, { memoryBytes: 505 })).toEqual({ unload: ['1'], bytes: 500 });
});
