/** The embedded store: one SQLite file in WAL mode, held by one process. */
import { isAbsolute, join, relative } from 'node:path';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { VigilError } from '../../src/errors.ts';
import type { EpochRecord } from '../../src/evaluation/history.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import { type Row, toRun, toVersion } from './sqlite-rows.ts';
import { MIGRATIONS } from './sqlite-schema.ts';
import {
  type NewVersion,
  type Page,
  RUN_STATES,
  type RunChange,
  type RunRecord,
  type RunState,
  type Store,
  type StoredDatasetRecord,
} from './store.ts';

const FILE = 'vigil.sqlite';

/** node:sqlite without its warning that it is experimental, which every command would begin with. */
const sqlite = ((): typeof import('node:sqlite') | undefined => {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
})();

/**
 * Opens the store of a data directory, which must exist; the caller closes. A directory that another server holds is
 * FIELD_INVALID: two of them would train the same runs.
 */
export function openSqlite(directory: string): Store {
  if (!sqlite) {
    const allowed =
      '22.13 or newer, for its node:sqlite; "npx vigil" in a clone runs on the one that it brings';
    throw VigilError.field('Node.js', process.version, allowed);
  }
  const database = new sqlite.DatabaseSync(join(directory, FILE));
  try {
    // Exclusive mode holds the file's lock until close, or until the process is gone however it went.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL');
    database.exec('PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL');
    migrate(database);
  } catch (cause) {
    database.close();
    if (cause instanceof Error && /locked|busy/.test(cause.message)) {
      const found = `${directory}, which another server uses`;
      throw VigilError.field('VIGIL_DATA_DIR', found, 'a directory of its own for each server');
    }
    throw cause;
  }
  return new SqliteStore(database, directory);
}

function migrate(database: DatabaseSync): void {
  database.exec('BEGIN EXCLUSIVE');
  const { user_version: applied } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (applied > MIGRATIONS.length) {
    database.exec('ROLLBACK');
    const found = `a database of schema ${applied}`;
    throw VigilError.field(
      'VIGIL_DATA_DIR',
      found,
      `schema ${MIGRATIONS.length} at most; a newer Vigil wrote it`,
    );
  }
  for (const sql of MIGRATIONS.slice(applied)) database.exec(sql);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  database.exec('COMMIT');
}

/** Methods are async because other stores are; each is one synchronous, atomic piece of work. */
class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #directory: string;

  constructor(database: DatabaseSync, directory: string) {
    this.#database = database;
    this.#directory = directory;
  }

  async createRun(
    run: Pick<RunRecord, 'id' | 'requestId' | 'principal' | 'request' | 'createTime'>,
  ): Promise<RunRecord> {
    const { id, requestId, principal, request, createTime } = run;
    this.#run(
      "INSERT INTO runs (id, request_id, principal, request, state, create_time) VALUES (?, ?, ?, ?, 'queued', ?)",
      id,
      requestId,
      principal,
      JSON.stringify(request),
      createTime,
    );
    return toRun(this.#get('SELECT * FROM runs WHERE id = ?', id)!);
  }

  async getRun(id: string): Promise<RunRecord | undefined> {
    const row = this.#get('SELECT * FROM runs WHERE id = ?', id);
    return row && toRun(row);
  }

  async findRequest(requestId: string, since: number): Promise<RunRecord | undefined> {
    const sql = 'SELECT * FROM runs WHERE request_id = ? AND create_time >= ? ORDER BY seq DESC LIMIT 1';
    const row = this.#get(sql, requestId, since);
    return row && toRun(row);
  }

  async listRuns({ limit, after }: Page): Promise<RunRecord[]> {
    const sql = `SELECT * FROM runs WHERE seq < COALESCE((SELECT seq FROM runs WHERE id = ?), 9e15)
      ORDER BY seq DESC LIMIT ?`;
    return this.#all(sql, after ?? '', limit).map(toRun);
  }

  async runsIn(states: readonly RunState[]): Promise<RunRecord[]> {
    const marks = states.map(() => '?').join(', ');
    return this.#all(`SELECT * FROM runs WHERE state IN (${marks}) ORDER BY seq`, ...states).map(toRun);
  }

  async countRuns(): Promise<Record<RunState, number>> {
    const counts = Object.fromEntries(RUN_STATES.map((state) => [state, 0])) as Record<RunState, number>;
    for (const row of this.#all('SELECT state, COUNT(*) AS runs FROM runs GROUP BY state')) {
      counts[row.state as RunState] = Number(row.runs);
    }
    return counts;
  }

  async changeRun(id: string, from: readonly RunState[], change: RunChange): Promise<RunRecord | undefined> {
    const columns: Record<keyof RunChange, string> = {
      state: 'state',
      startTime: 'start_time',
      endTime: 'end_time',
      attempts: 'attempts',
      progress: 'progress',
      warnings: 'warnings',
      error: 'error',
    };
    const keys = (Object.keys(change) as (keyof RunChange)[]).filter((key) => change[key] !== undefined);
    const values = keys.map((key): SQLInputValue => {
      const value = change[key];
      return typeof value === 'object' ? JSON.stringify(value) : value!;
    });
    const sets = keys.map((key) => `${columns[key]} = ?`).join(', ');
    const marks = from.map(() => '?').join(', ');
    const sql = `UPDATE runs SET ${sets} WHERE id = ? AND state IN (${marks}) RETURNING *`;
    const row = this.#get(sql, ...values, id, ...from);
    return row && toRun(row);
  }

  async addEpochs(id: string, epochs: readonly EpochRecord[]): Promise<void> {
    this.#transaction(() => {
      for (const record of epochs) {
        const sql = 'INSERT OR REPLACE INTO epochs (run, epoch, record) VALUES (?, ?, ?)';
        this.#run(sql, id, record.epoch, JSON.stringify(record));
      }
    });
  }

  async history(id: string): Promise<EpochRecord[]> {
    const rows = this.#all('SELECT record FROM epochs WHERE run = ? ORDER BY epoch', id);
    return rows.map(({ record }) => JSON.parse(String(record)) as EpochRecord);
  }

  async deleteRun(id: string): Promise<boolean> {
    return this.#run('DELETE FROM runs WHERE id = ?', id) > 0;
  }

  async versions(): Promise<VersionRecord[]> {
    const rows = this.#all('SELECT * FROM versions ORDER BY version');
    return rows.map((row) => toVersion(row, this.#directory));
  }

  async aliases(): Promise<Map<string, string>> {
    const rows = this.#all('SELECT alias, version FROM aliases ORDER BY alias');
    return new Map(rows.map(({ alias, version }) => [String(alias), String(version)]));
  }

  async registerVersion(version: NewVersion, alias: string): Promise<VersionRecord> {
    const { run, createTime, manifest, sha256, directory } = version;
    return this.#transaction(() => {
      const made = this.#get('SELECT * FROM versions WHERE run = ?', run);
      if (made) return toVersion(made, this.#directory);
      const kept = isAbsolute(directory) ? relative(this.#directory, directory) : directory;
      const row = this.#get(
        'INSERT INTO versions (run, create_time, manifest, sha256, directory) VALUES (?, ?, ?, ?, ?) RETURNING *',
        run,
        createTime,
        JSON.stringify(manifest),
        sha256,
        kept,
      )!;
      const number = row.version as number;
      this.#run('INSERT OR REPLACE INTO aliases (alias, version) VALUES (?, ?)', alias, number);
      this.#run(
        `UPDATE runs SET state = 'succeeded', version = ?, end_time = ?, evaluation = ?, configuration = ? WHERE id = ?`,
        number,
        createTime,
        JSON.stringify(manifest.evaluation),
        JSON.stringify(manifest.lineage.configuration),
        run,
      );
      return toVersion(row, this.#directory);
    });
  }

  async setAlias(
    alias: string,
    version: string,
    expected: string | undefined,
  ): Promise<{ previous: string }> {
    return this.#transaction(() => {
      const row = this.#get('SELECT version FROM aliases WHERE alias = ?', alias);
      const previous = row ? String(row.version) : '';
      if (expected !== undefined && expected !== previous) {
        const found = previous === '' ? 'does not exist' : `points at version ${previous}`;
        const wanted = expected === '' ? 'not to exist' : `version ${expected}`;
        throw new VigilError('ALIAS_CONFLICT', `alias ${alias} ${found}; expected ${wanted}`);
      }
      this.#run('INSERT OR REPLACE INTO aliases (alias, version) VALUES (?, ?)', alias, Number(version));
      return { previous };
    });
  }

  async addDataset(dataset: StoredDatasetRecord): Promise<boolean> {
    const sql = 'INSERT OR IGNORE INTO datasets (name, record) VALUES (?, ?)';
    return this.#run(sql, dataset.name, JSON.stringify(dataset)) > 0;
  }

  async getDataset(name: string): Promise<StoredDatasetRecord | undefined> {
    const row = this.#get('SELECT record FROM datasets WHERE name = ?', name);
    return row && (JSON.parse(String(row.record)) as StoredDatasetRecord);
  }

  async listDatasets(): Promise<StoredDatasetRecord[]> {
    const rows = this.#all('SELECT record FROM datasets ORDER BY name');
    return rows.map(({ record }) => JSON.parse(String(record)) as StoredDatasetRecord);
  }

  async deleteDataset(name: string): Promise<boolean> {
    return this.#run('DELETE FROM datasets WHERE name = ?', name) > 0;
  }

  async audit(entry: {
    time: number;
    principal: string;
    action: string;
    subject: string;
    detail: string;
  }): Promise<void> {
    const { time, principal, action, subject, detail } = entry;
    const sql = 'INSERT INTO audit (time, principal, action, subject, detail) VALUES (?, ?, ?, ?, ?)';
    this.#run(sql, time, principal, action, subject, detail);
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#database.prepare(sql).get(...values) as Row | undefined;
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#database.prepare(sql).all(...values) as Row[];
  }

  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes);
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
