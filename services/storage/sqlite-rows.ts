import { join } from 'node:path';
import type { SQLOutputValue } from 'node:sqlite';
import type { BundleManifest } from '../../src/registry/manifest.ts';
import type { TrafficMode, TrafficSplit } from '../../src/registry/traffic.ts';
import type { VersionRecord } from '../../src/registry/version.ts';
import type { AliasChange, AuditRecord, RunRecord, RunState, StoredTrainRequest } from './store.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

const parsed = <T>(value: SQLOutputValue | undefined): T | undefined =>
  value === null || value === undefined ? undefined : (JSON.parse(String(value)) as T);
const time = (value: SQLOutputValue | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

export function toRun(row: Row): RunRecord {
  return {
    id: String(row.id),
    requestId: String(row.request_id),
    principal: String(row.principal),
    request: parsed<StoredTrainRequest>(row.request)!,
    state: String(row.state) as RunState,
    createTime: Number(row.create_time),
    startTime: time(row.start_time),
    endTime: time(row.end_time),
    attempts: Number(row.attempts),
    progress: parsed(row.progress),
    warnings: parsed<string[]>(row.warnings) ?? [],
    error: parsed(row.error),
    version: row.version === null || row.version === undefined ? undefined : String(row.version),
    evaluation: parsed(row.evaluation),
    configuration: parsed(row.configuration),
    promotion: parsed(row.promotion),
  };
}

export function toAliasChange(row: Row): AliasChange {
  return {
    id: String(row.seq),
    time: Number(row.time),
    principal: String(row.principal),
    alias: String(row.alias),
    version: String(row.version),
    previous: row.previous === null ? '' : String(row.previous),
    reason: String(row.reason),
    forced: row.forced === 1,
    gate: parsed(row.gate),
  };
}

export function toAuditRecord(row: Row): AuditRecord & { id: string } {
  return {
    id: String(row.rowid),
    time: Number(row.time),
    principal: String(row.principal),
    action: String(row.action),
    subject: String(row.subject),
    detail: String(row.detail),
  };
}

export function toSplit({ alias, mode, version, share }: Row): TrafficSplit {
  return {
    alias: String(alias),
    mode: String(mode) as TrafficMode,
    version: String(version),
    share: Number(share),
  };
}

/** Directories are stored relative to the data directory, which may be moved. */
export function toVersion(row: Row, dataDirectory: string): VersionRecord {
  return {
    version: String(row.version),
    createTime: Number(row.create_time),
    manifest: parsed<BundleManifest>(row.manifest)!,
    sha256: String(row.sha256),
    directory: join(dataDirectory, String(row.directory)),
  };
}
