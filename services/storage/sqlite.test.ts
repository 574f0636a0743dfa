import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { passedUncompared } from '../../src/registry/gate-report.ts';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import { openSqlite } from './sqlite.ts';
import { MIGRATIONS } from './sqlite-schema.ts';
import type { AliasMove, NewVersion, Store, StoredDatasetRecord } from './store.ts';

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

const move = (version: string, changes: Partial<AliasMove> = {}): AliasMove => ({
  time: 7000,
  principal: 'me',
  alias: 'stable',
  version,
  reason: '',
  forced: false,
  gate: undefined,
  ...changes,
});

test('an alias moves only from where its caller saw it', async () => {
  await addRun('a');
  await store.registerVersion(versionOf('a'), 'candidate');
  expect(await store.moveAlias(move('1'), '')).toEqual({ previous: '' });
  await expect(store.moveAlias(move('1'), '7')).rejects.toMatchObject({ code: 'ALIAS_CONFLICT' });
  await expect(store.moveAlias(move('1'), '')).rejects.toThrow(
    'alias stable points at version 1; expected not to exist',
  );
  expect(await store.moveAlias(move('1'), undefined)).toEqual({ previous: '1' });
});

test('every move of an alias is kept, with its reason and what the gate found', async () => {
  for (const id of ['a', 'b']) {
    await addRun(id);
    await store.registerVersion(versionOf(id), 'candidate');
  }
  const gate = passedUncompared('first_version', { candidate: '1', stable: '' });
  await store.moveAlias(move('1', { gate }), undefined);
  await store.moveAlias(move('2', { reason: 'we know better', forced: true }), '1');
  expect(await store.aliasChanges('stable', { limit: 9, after: undefined })).toEqual([
    { ...move('2', { reason: 'we know better', forced: true }), id: '4', previous: '1' },
    { ...move('1', { gate }), id: '3', previous: '' },
  ]);
  const all = await store.aliasChanges(undefined, { limit: 2, after: '4' });
  expect(all.map(({ alias, version, previous }) => [alias, version, previous])).toEqual([
    ['stable', '1', ''],
    ['candidate', '2', '1'],
  ]);
  expect(await store.hasPointedAt('stable', '1')).toBe(true);
  expect(await store.hasPointedAt('candidate', '1')).toBe(true);
  expect(await store.hasPointedAt('other', '1')).toBe(false);
});

test('a database from before the gate knows from its audit log what has been stable', async () => {
  const old = mkdtempSync(join(directory, 'old-'));
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(old, 'vigil.sqlite'));
  database.exec(MIGRATIONS[0]!);
  database.exec(`PRAGMA user_version = 1;
    INSERT INTO versions VALUES (12, 'a', 1, '{}', '', ''), (13, 'b', 1, '{}', '', '');
    INSERT INTO audit VALUES (5, 'me', 'Train', 'runs/a', 'version 13'),
      (6, 'me', 'SetAlias', 'stable', 'version 12, before none'),
      (7, 'me', 'SetAlias', 'night', 'version 13, before 12');`);
  database.close();
  await store.close();
  store = openSqlite(old);
  expect(await store.hasPointedAt('stable', '12')).toBe(true);
  expect(await store.hasPointedAt('stable', '13')).toBe(false);
  const changes = await store.aliasChanges(undefined, { limit: 9, after: undefined });
  expect(changes.map(({ alias, version, previous }) => [alias, version, previous])).toEqual([
    ['night', '13', '12'],
    ['stable', '12', ''],
  ]);
});

test('a database from before canaries keeps what it has, and takes splits and deletions from then on', async () => {
  const old = mkdtempSync(join(directory, 'old-'));
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(old, 'vigil.sqlite'));
  for (const migration of MIGRATIONS.slice(0, 2)) database.exec(migration);
  database.exec(`PRAGMA user_version = 2;
    INSERT INTO versions VALUES (1, 'a', 1, '{}', 'x', 'a'), (2, 'b', 1, '{}', 'y', 'b');
    INSERT INTO aliases VALUES ('stable', 1);
    INSERT INTO alias_changes (time, principal, alias, version, reason, forced)
      VALUES (5, 'me', 'stable', 1, 'first', 1);`);
  database.close();
  await store.close();
  store = openSqlite(old);
  expect((await store.versions()).map(({ version, sha256 }) => [version, sha256])).toEqual([
    ['1', 'x'],
    ['2', 'y'],
  ]);
  expect(await store.aliasChanges('stable', { limit: 9, after: undefined })).toMatchObject([
    { version: '1', reason: 'first', forced: true },
  ]);
  const split = { alias: 'stable', mode: 'canary', version: '2', share: 0.5 } as const;
  await store.setTraffic(split, '1');
  expect(await store.traffic()).toEqual([split]);
  await store.clearTraffic('stable', 'canary');
  await store.deleteVersion('2', 9);
  expect((await store.versions()).map(({ version }) => version)).toEqual(['1']);
  expect(await store.deletedBundles()).toEqual([join(old, 'b')]);
});

test('a run waits for its promotion until that is decided', async () => {
  await store.createRun({
    id: 'a',
    requestId: 'a',
    principal: 'me',
    request: { ...request, promote: true },
    createTime: 1,
  });
  await addRun('b');
  expect(await store.runsAwaitingPromotion()).toEqual([]);
  for (const id of ['a', 'b']) await store.registerVersion(versionOf(id), 'candidate');
  const [waiting, ...others] = await store.runsAwaitingPromotion();
  expect(waiting?.id).toBe('a');
  expect(others).toEqual([]);
  const gate = passedUncompared('first_version', { candidate: '1', stable: '' });
  await store.setPromotion('a', { promoted: true, gate });
  expect(await store.runsAwaitingPromotion()).toEqual([]);
  expect((await store.getRun('a'))?.promotion).toEqual({ promoted: true, gate });
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
