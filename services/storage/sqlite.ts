/** The embedded store: one SQLite file in WAL mode, held by one process. */
import { join } from 'node:path';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { VigilError } from '../../src/errors.ts';
import type { EpochRecord } from '../../src/evaluation/history.ts';
import { SqliteModels } from './sqlite-models.ts';
import { toAuditRecord, toRun } from './sqlite-rows.ts';
import { MIGRATIONS } from './sqlite-schema.ts';
import { SqliteStatements } from './sqlite-statements.ts';
import {
  type AuditRecord,
  type Page,
  type Promotion,
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
  return new SqliteStore(new SqliteStatements(database), directory);
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
class SqliteStore extends SqliteModels implements Store {
  readonly #sql: SqliteStatements;

  constructor(sql: SqliteStatements, directory: string) {
    super(sql, directory);
    this.#sql = sql;
  }

  async createRun(
    run: Pick<RunRecord, 'id' | 'requestId' | 'principal' | 'request' | 'createTime'>,
  ): Promise<RunRecord> {
    const { id, requestId, principal, request, createTime } = run;
    this.#sql.run(
      "INSERT INTO runs (id, request_id, principal, request, state, create_time) VALUES (?, ?, ?, ?, 'queued', ?)",
      id,
      requestId,
      principal,
      JSON.stringify(request),
      createTime,
    );
    return toRun(this.#sql.get('SELECT * FROM runs WHERE id = ?', id)!);
  }

  async getRun(id: string): Promise<RunRecord | undefined> {
    const row = this.#sql.get('SELECT * FROM runs WHERE id = ?', id);
    return row && toRun(row);
  }

  async findRequest(requestId: string, since: number): Promise<RunRecord | undefined> {
    const sql = 'SELECT * FROM runs WHERE request_id = ? AND create_time >= ? ORDER BY seq DESC LIMIT 1';
    const row = this.#sql.get(sql, requestId, since);
    return row && toRun(row);
  }

  async listRuns({ limit, after }: Page): Promise<RunRecord[]> {
    const sql = `SELECT * FROM runs WHERE seq < COALESCE((SELECT seq FROM runs WHERE id = ?), 9e15)
      ORDER BY seq DESC LIMIT ?`;
    return this.#sql.all(sql, after ?? '', limit).map(toRun);
  }

  async runsIn(states: readonly RunState[]): Promise<RunRecord[]> {
    const marks = states.map(() => '?').join(', ');
    return this.#sql.all(`SELECT * FROM runs WHERE state IN (${marks}) ORDER BY seq`, ...states).map(toRun);
  }

  async countRuns(): Promise<Record<RunState, number>> {
    const counts = Object.fromEntries(RUN_STATES.map((state) => [state, 0])) as Record<RunState, number>;
    for (const row of this.#sql.all('SELECT state, COUNT(*) AS runs FROM runs GROUP BY state')) {
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
    const row = this.#sql.get(sql, ...values, id, ...from);
    return row && toRun(row);
  }

  async addEpochs(id: string, epochs: readonly EpochRecord[]): Promise<void> {
    this.#sql.transaction(() => {
      for (const record of epochs) {
        const sql = 'INSERT OR REPLACE INTO epochs (run, epoch, record) VALUES (?, ?, ?)';
        this.#sql.run(sql, id, record.epoch, JSON.stringify(record));
      }
    });
  }

  async history(id: string): Promise<EpochRecord[]> {
    const rows = this.#sql.all('SELECT record FROM epochs WHERE run = ? ORDER BY epoch', id);
    return rows.map(({ record }) => JSON.parse(String(record)) as EpochRecord);
  }

  async deleteRun(id: string): Promise<boolean> {
    return this.#sql.run('DELETE FROM runs WHERE id = ?', id) > 0;
  }

  async runsAwaitingPromotion(): Promise<RunRecord[]> {
    const sql = `SELECT * FROM runs WHERE state = 'succeeded' AND promotion IS NULL AND request ->> '$.promote' = 1 ORDER BY seq`;
    return this.#sql.all(sql).map(toRun);
  }

  async setPromotion(id: string, promotion: Promotion): Promise<void> {
    this.#sql.run('UPDATE runs SET promotion = ? WHERE id = ?', JSON.stringify(promotion), id);
  }

  async addDataset(dataset: StoredDatasetRecord): Promise<boolean> {
    const sql = 'INSERT OR IGNORE INTO datasets (name, record) VALUES (?, ?)';
    return this.#sql.run(sql, dataset.name, JSON.stringify(dataset)) > 0;
  }

  async getDataset(name: string): Promise<StoredDatasetRecord | undefined> {
    const row = this.#sql.get('SELECT record FROM datasets WHERE name = ?', name);
    return row && (JSON.parse(String(row.record)) as StoredDatasetRecord);
  }

  async listDatasets(): Promise<StoredDatasetRecord[]> {
    const rows = this.#sql.all('SELECT record FROM datasets ORDER BY name');
    return rows.map(({ record }) => JSON.parse(String(record)) as StoredDatasetRecord);
  }

  async deleteDataset(name: string): Promise<boolean> {
    return this.#sql.run('DELETE FROM datasets WHERE name = ?', name) > 0;
  }

  async audit(entry: AuditRecord): Promise<void> {
    const { time, principal, action, subject, detail } = entry;
    const sql = 'INSERT INTO audit (time, principal, action, subject, detail) VALUES (?, ?, ?, ?, ?)';
    this.#sql.run(sql, time, principal, action, subject, detail);
  }

  async auditEntries(
    principal: string | undefined,
    { limit, after }: Page,
  ): Promise<(AuditRecord & { id: string })[]> {
    const sql = `SELECT rowid, * FROM audit WHERE (principal = ? OR ? IS NULL) AND rowid < ? ORDER BY rowid DESC LIMIT ?`;
    const before = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after);
    return this.#sql.all(sql, principal ?? null, principal ?? null, before, limit).map(toAuditRecord);
  }

  async close(): Promise<void> {
    this.#sql.close();
  }
}
