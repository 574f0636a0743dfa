import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import { openSqlite } from './sqlite.ts';
import type { NewVersion, Store, StoredDatasetRecord } from './store.ts';

let directory: string;
let store: Store;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigil-store-'));
  store = openSqlite(directory);
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const request = {
  dataset: 'simulated:small',
  regime: 'joint_scratch',
  options: { epochs: 2 },
  displayName: 'first',
};
const addRun = (id: string, requestId = `request-${id}`, createTime = 1000) =>
  store.createRun({ id, requestId, principal: 'me', request, createTime });

const manifest = {
  evaluation: { accuracy: 0.5 },
  lineage: { run: 'runs/a', configuration: { epochs: 2 } },
} as unknown as BundleManifest;
const versionOf = (run: string): NewVersion => ({
  run,
  createTime: 5000,
  manifest,
  sha256: 'abc',
  directory: join(directory, 'models', run),
});
const epoch = (number: number, loss: number) => ({
  epoch: number,
  steps: number * 10,
  losses: { classifier: loss },
  validation: { accuracy: 0.5, macroAccuracy: 0.4, macroAuc: null },
  learningRate: 1e-4,
  classifierUpdates: number * 10,
  seconds: 1,
});

test('a new run is queued, keeps its request, and survives a restart', async () => {
  const made = await addRun('a');
  expect(made).toMatchObject({
    id: 'a',
    state: 'queued',
    attempts: 0,
    request,
    principal: 'me',
    warnings: [],
  });
  await store.close();
  store = openSqlite(directory);
  expect(await store.getRun('a')).toEqual(made);
  expect(await store.getRun('b')).toBeUndefined();
});

test('runs are listed newest first, in pages, and oldest first by state', async () => {
  for (const id of ['a', 'b', 'c']) await addRun(id);
  const ids = async (after?: string) => (await store.listRuns({ limit: 2, after })).map((run) => run.id);
  expect(await ids()).toEqual(['c', 'b']);
  expect(await ids('b')).toEqual(['a']);
  await store.changeRun('b', ['queued'], { state: 'running' });
  expect((await store.runsIn(['queued'])).map((run) => run.id)).toEqual(['a', 'c']);
  expect(await store.countRuns()).toMatchObject({ queued: 2, running: 1, failed: 0 });
});

test('a request id finds its youngest run within the window', async () => {
  await addRun('a', 'same', 1000);
  await addRun('b', 'same', 3000);
  expect((await store.findRequest('same', 0))?.id).toBe('b');
  expect(await store.findRequest('same', 3001)).toBeUndefined();
  expect(await store.findRequest('other', 0)).toBeUndefined();
});

test('a change applies only from the states named', async () => {
  await addRun('a');
  const error = { code: 'INTERNAL', message: 'broke' } as const;
  const changed = await store.changeRun('a', ['queued', 'running'], { state: 'failed', endTime: 9, error });
  expect(changed).toMatchObject({ state: 'failed', endTime: 9, error });
  expect(await store.changeRun('a', ['running'], { state: 'queued' })).toBeUndefined();
  expect((await store.getRun('a'))?.state).toBe('failed');
});

test('an epoch told twice is kept once, as last told', async () => {
  await addRun('a');
  await store.addEpochs('a', [epoch(1, 0.9), epoch(2, 0.8)]);
  await store.addEpochs('a', [epoch(2, 0.7)]);
  expect((await store.history('a')).map(({ losses }) => losses.classifier)).toEqual([0.9, 0.7]);
  expect(await store.deleteRun('a')).toBe(true);
  expect(await store.history('a')).toEqual([]);
  expect(await store.deleteRun('a')).toBe(false);
});

test('registering makes the version, the alias and the success of the run at once, and once', async () => {
  await addRun('a');
  await addRun('b');
  const made = await store.registerVersion(versionOf('a'), 'candidate');
  expect(made).toMatchObject({ version: '1', sha256: 'abc', directory: join(directory, 'models', 'a') });
  expect(await store.registerVersion(versionOf('a'), 'candidate')).toEqual(made);
  const run = await store.getRun('a');
  expect(run).toMatchObject({
    state: 'succeeded',
    version: '1',
    endTime: 5000,
    evaluation: { accuracy: 0.5 },
  });
  expect(run?.configuration).toEqual({ epochs: 2 });
  expect((await store.registerVersion(versionOf('b'), 'candidate')).version).toBe('2');
  expect(await store.aliases()).toEqual(new Map([['candidate', '2']]));
  expect((await store.versions()).map(({ version }) => version)).toEqual(['1', '2']);
});

test('an alias moves only from where its caller saw it', async () => {
  await addRun('a');
  await store.registerVersion(versionOf('a'), 'candidate');
  expect(await store.setAlias('stable', '1', '')).toEqual({ previous: '' });
  await expect(store.setAlias('stable', '1', '7')).rejects.toMatchObject({ code: 'ALIAS_CONFLICT' });
  await expect(store.setAlias('stable', '1', '')).rejects.toThrow(
    'alias stable points at version 1; expected not to exist',
  );
  expect(await store.setAlias('stable', '1', undefined)).toEqual({ previous: '1' });
});

test('a dataset name is taken once', async () => {
  const dataset: StoredDatasetRecord = {
    name: 'faces',
    fileName: 'faces.npz',
    fileSha256: 'f',
    rows: 3,
    channelNames: ['x'],
    steps: 2,
    classNames: ['a', 'b'],
    classRows: [1, 2],
    groups: 0,
    sha256: 'd',
    createTime: 1,
    dropped: { missing_features: 1 },
  };
  expect(await store.addDataset(dataset)).toBe(true);
  expect(await store.addDataset({ ...dataset, rows: 9 })).toBe(false);
  expect(await store.getDataset('faces')).toEqual(dataset);
  expect(await store.listDatasets()).toEqual([dataset]);
  expect(await store.deleteDataset('faces')).toBe(true);
  expect(await store.deleteDataset('faces')).toBe(false);
});

test('a second server on the same directory is refused, and a newer schema too', async () => {
  expect(() => openSqlite(directory)).toThrow('another server');
  await store.close();
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(directory, 'vigil.sqlite'));
  database.exec('PRAGMA user_version = 999');
  database.close();
  expect(() => openSqlite(directory)).toThrow('a newer Vigil wrote it');
  const fresh = mkdtempSync(join(directory, 'fresh-'));
  store = openSqlite(fresh);
});
