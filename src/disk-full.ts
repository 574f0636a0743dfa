import { VigilError } from './errors.ts';

/** SQLITE_FULL of https://sqlite.org/rescode.html. */
const SQLITE_FULL = 13;
/** When a refused caller should come back: somebody has to make room first. */
const RETRY_AFTER_MS = 60_000;

/** DISK_FULL for what the file system or SQLite says when there is no room; undefined for everything else. */
export function diskFullError(error: unknown): VigilError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && errcode !== SQLITE_FULL) return undefined;
  const message = 'the disk of the data directory is full; nothing of this was stored';
  return new VigilError('DISK_FULL', message, { retryAfterMs: RETRY_AFTER_MS, cause: error });
}
