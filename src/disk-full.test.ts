import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { diskFullError } from './disk-full.ts';

const thrownBy = (work: () => void): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

test('SQLite without room is DISK_FULL', () => {
  const directory = mkdtempSync(join(tmpdir(), 'vigil-full-'));
  const database = new DatabaseSync(join(directory, 'small.sqlite'));
  database.exec('PRAGMA max_page_count = 4; CREATE TABLE t (v BLOB)');
  const full = thrownBy(() => database.exec('INSERT INTO t VALUES (randomblob(100000))'));
  expect(diskFullError(full)).toMatchObject({ code: 'DISK_FULL', retryAfterMs: 60_000 });
  database.close();
  rmSync(directory, { recursive: true });
});

test.runIf(process.platform === 'linux')('a device without room is DISK_FULL', () => {
  expect(diskFullError(thrownBy(() => writeFileSync('/dev/full', 'x')))).toMatchObject({ code: 'DISK_FULL' });
});

test('nothing else is', () => {
  expect(diskFullError(thrownBy(() => writeFileSync('/nowhere/at/all', 'x')))).toBeUndefined();
  expect(diskFullError('ENOSPC')).toBeUndefined();
});
