import { isAbsolute, relative } from 'node:path';
import { VigilError } from '../../src/errors.ts';
import { checkExpected, endsWith } from '../../src/registry/registry.ts';
import type { TrafficMode, TrafficSplit } from '../../src/registry/traffic.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import { toAliasChange, toSplit, toVersion } from './sqlite-rows.ts';
import type { SqliteStatements } from './sqlite-statements.ts';
import type { AliasChange, AliasMove, ModelStore, NewVersion, Page } from './store.ts';

/** Versions, aliases and the moves of aliases. */
export class SqliteModels implements ModelStore {
  readonly #sql: SqliteStatements;
  readonly #directory: string;

  constructor(sql: SqliteStatements, directory: string) {
    this.#sql = sql;
    this.#directory = directory;
  }

  async versions(): Promise<VersionRecord[]> {
    const rows = this.#sql.all('SELECT * FROM versions WHERE delete_time IS NULL ORDER BY version');
    return rows.map((row) => toVersion(row, this.#directory));
  }

  async aliases(): Promise<Map<string, string>> {
    const rows = this.#sql.all('SELECT alias, version FROM aliases ORDER BY alias');
    return new Map(rows.map(({ alias, version }) => [String(alias), String(version)]));
  }

  async registerVersion(version: NewVersion, alias: string): Promise<VersionRecord> {
    const { run, createTime, manifest, sha256, directory } = version;
    return this.#sql.transaction(() => {
      const made = this.#sql.get('SELECT * FROM versions WHERE run = ?', run);
      if (made) return toVersion(made, this.#directory);
      const kept = isAbsolute(directory) ? relative(this.#directory, directory) : directory;
      const row = this.#sql.get(
        'INSERT INTO versions (run, create_time, manifest, sha256, directory) VALUES (?, ?, ?, ?, ?) RETURNING *',
        run,
        createTime,
        JSON.stringify(manifest),
        sha256,
        kept,
      )!;
      const number = row.version as number;
      const { principal } = this.#sql.get('SELECT principal FROM runs WHERE id = ?', run)!;
      this.#move({
        time: createTime,
        principal: String(principal),
        alias,
        version: String(number),
        reason: '',
        forced: false,
        gate: undefined,
      });
      this.#sql.run(
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

  async moveAlias(move: AliasMove, expected: string | undefined): Promise<{ previous: string }> {
    return this.#sql.transaction(() => {
      checkExpected(move.alias, this.#pointsAt(move.alias), expected);
      return { previous: this.#move(move) };
    });
  }

  async hasPointedAt(alias: string, version: string): Promise<boolean> {
    const sql = 'SELECT 1 FROM alias_changes WHERE alias = ? AND version = ? LIMIT 1';
    return this.#sql.get(sql, alias, Number(version)) !== undefined;
  }

  async aliasChanges(alias: string | undefined, { limit, after }: Page): Promise<AliasChange[]> {
    const sql = `SELECT * FROM alias_changes WHERE (alias = ? OR ? IS NULL) AND seq < ? ORDER BY seq DESC LIMIT ?`;
    const before = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after);
    return this.#sql.all(sql, alias ?? null, alias ?? null, before, limit).map(toAliasChange);
  }

  async traffic(): Promise<TrafficSplit[]> {
    return this.#sql.all('SELECT * FROM traffic ORDER BY alias, mode').map(toSplit);
  }

  async setTraffic({ alias, mode, version, share }: TrafficSplit, expected: string): Promise<void> {
    this.#sql.transaction(() => {
      checkExpected(alias, this.#pointsAt(alias), expected);
      if (!this.#version(version))
        throw new VigilError('MODEL_NOT_FOUND', `model version ${version} is deleted`);
      const sql = 'INSERT OR REPLACE INTO traffic (alias, mode, version, share) VALUES (?, ?, ?, ?)';
      this.#sql.run(sql, alias, mode, Number(version), share);
    });
  }

  async clearTraffic(alias: string, mode: TrafficMode): Promise<void> {
    this.#sql.run('DELETE FROM traffic WHERE alias = ? AND mode = ?', alias, mode);
  }

  async deleteVersion(version: string, time: number): Promise<void> {
    this.#sql.transaction(() => {
      const sql = `SELECT 'alias ' || alias AS name FROM aliases WHERE version = ?
        UNION ALL SELECT mode || ' of ' || alias FROM traffic WHERE version = ?`;
      const users = this.#sql.all(sql, Number(version), Number(version)).map(({ name }) => String(name));
      if (users.length > 0) throw inUse(version, users);
      this.#sql.run('UPDATE versions SET delete_time = ? WHERE version = ?', time, Number(version));
    });
  }

  async deletedBundles(): Promise<string[]> {
    const rows = this.#sql.all('SELECT * FROM versions WHERE delete_time IS NOT NULL');
    return rows.map((row) => toVersion(row, this.#directory).directory);
  }

  /** Undefined when it is deleted. */
  #version(version: string): VersionRecord | undefined {
    const sql = 'SELECT * FROM versions WHERE version = ? AND delete_time IS NULL';
    const row = this.#sql.get(sql, Number(version));
    return row && toVersion(row, this.#directory);
  }

  /** Within a transaction: ends the splits that a move of the alias ends. */
  #endTraffic(alias: string, target: VersionRecord): void {
    for (const split of this.#sql.all('SELECT * FROM traffic WHERE alias = ?', alias).map(toSplit)) {
      if (endsWith(split, this.#version(split.version)!, target))
        this.#sql.run('DELETE FROM traffic WHERE alias = ? AND mode = ?', alias, split.mode);
    }
  }

  /** Empty when there is no such alias. */
  #pointsAt(alias: string): string {
    const row = this.#sql.get('SELECT version FROM aliases WHERE alias = ?', alias);
    return row ? String(row.version) : '';
  }

  /** Within a transaction: moves the alias and writes that down; returns where it pointed. */
  #move({ time, principal, alias, version, reason, forced, gate }: AliasMove): string {
    const previous = this.#pointsAt(alias);
    const target = this.#version(version);
    if (!target) throw new VigilError('MODEL_NOT_FOUND', `model version ${version} is deleted`);
    // An upsert: a replaced row would be one that traffic no longer refers to.
    this.#sql.run(
      'INSERT INTO aliases (alias, version) VALUES (?, ?) ON CONFLICT (alias) DO UPDATE SET version = excluded.version',
      alias,
      Number(version),
    );
    this.#endTraffic(alias, target);
    this.#sql.run(
      `INSERT INTO alias_changes (time, principal, alias, version, previous, reason, forced, gate)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      time,
      principal,
      alias,
      Number(version),
      previous === '' ? null : Number(previous),
      reason,
      forced ? 1 : 0,
      gate ? JSON.stringify(gate) : null,
    );
    return previous;
  }
}

function inUse(version: string, users: readonly string[]): VigilError {
  const message = `model version ${version} is in use: ${users.join(', ')}; point those elsewhere first`;
  return new VigilError('MODEL_IN_USE', message, { metadata: { subject: version, users: users.join(', ') } });
}
