import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ExperimentStore } from './store.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-store-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const CONFIGURATION = { data: 'a.npz', epochs: 4, folds: undefined };

test('results are kept from one opening to the next, and nothing unfinished is left behind', async () => {
  const first = await ExperimentStore.open(directory, CONFIGURATION);
  expect(await first.result('one')).toBeUndefined();
  await first.addResult('one', { score: 0.5 });
  first.close();
  const second = await ExperimentStore.open(directory, { ...CONFIGURATION });
  expect(await second.result('one')).toEqual({ score: 0.5 });
  second.close();
  expect(readdirSync(directory).toSorted()).toEqual(['experiment.json', 'runs']);
  expect(readdirSync(join(directory, 'runs'))).toEqual(['one.json']);
});

test('another configuration is refused, each field by name; the directory stays free', async () => {
  (await ExperimentStore.open(directory, CONFIGURATION)).close();
  await expect(
    ExperimentStore.open(directory, { data: 'b.npz', epochs: 4, folds: [1, 2, 3] }),
  ).rejects.toMatchObject({
    code: 'FIELD_INVALID',
    fields: [
      { field: 'data', description: expect.stringContaining('found "b.npz"; allowed: "a.npz"') },
      { field: 'folds', description: expect.stringContaining('found [1,2,3]; allowed: null') },
    ],
  });
  (await ExperimentStore.open(directory, CONFIGURATION)).close();
});

test('a directory belongs to one process at a time; that of a process that is gone is taken over', async () => {
  const owner = await ExperimentStore.open(directory, CONFIGURATION);
  await expect(ExperimentStore.open(directory, CONFIGURATION)).rejects.toThrow(
    `which process ${process.pid} uses`,
  );
  owner.close();
  // No process has this number: it is above the largest that systems give.
  writeFileSync(join(directory, 'lock'), String(2 ** 30));
  (await ExperimentStore.open(directory, CONFIGURATION)).close();
});

test('a result that cannot be read is named', async () => {
  const store = await ExperimentStore.open(directory, CONFIGURATION);
  writeFileSync(join(directory, 'runs', 'one.json'), '{');
  await expect(store.result('one')).rejects.toMatchObject({
    code: 'ARTIFACT_CORRUPT',
    message: expect.stringContaining('one.json is not JSON'),
  });
  store.close();
});
