/** The schema, one entry per version of it; `user_version` says how many were applied. Entries never change. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    request_id TEXT NOT NULL,
    principal TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    create_time INTEGER NOT NULL,
    start_time INTEGER,
    end_time INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    progress TEXT,
    warnings TEXT NOT NULL DEFAULT '[]',
    error TEXT,
    version INTEGER,
    evaluation TEXT,
    configuration TEXT
  ) STRICT;
  CREATE INDEX runs_by_request ON runs (request_id, create_time);
  CREATE INDEX runs_by_state ON runs (state, seq);
  CREATE TABLE epochs (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    epoch INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (run, epoch)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE versions (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL UNIQUE,
    create_time INTEGER NOT NULL,
    manifest TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    directory TEXT NOT NULL
  ) STRICT;
  CREATE TABLE aliases (
    alias TEXT PRIMARY KEY,
    version INTEGER NOT NULL REFERENCES versions (version)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE datasets (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE audit (
    time INTEGER NOT NULL,
    principal TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  `,
  // Who moved an alias was only in the audit log before; its lines are "version N, before M", or "before none".
  `
  CREATE TABLE alias_changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    principal TEXT NOT NULL,
    alias TEXT NOT NULL,
    version INTEGER NOT NULL REFERENCES versions (version),
    previous INTEGER,
    reason TEXT NOT NULL,
    forced INTEGER NOT NULL,
    gate TEXT
  ) STRICT;
  CREATE INDEX alias_changes_by_alias ON alias_changes (alias, version);
  INSERT INTO alias_changes (time, principal, alias, version, previous, reason, forced)
    SELECT time, principal, subject, CAST(substr(detail, 9) AS INTEGER),
      NULLIF(CAST(substr(detail, instr(detail, ', before ') + 9) AS INTEGER), 0), '', 0
    FROM audit WHERE action = 'SetAlias' AND detail LIKE 'version %' ORDER BY time;
  ALTER TABLE runs ADD COLUMN promotion TEXT;
  `,
  `
  CREATE TABLE traffic (
    alias TEXT NOT NULL REFERENCES aliases (alias),
    mode TEXT NOT NULL,
    version INTEGER NOT NULL REFERENCES versions (version),
    share REAL NOT NULL,
    PRIMARY KEY (alias, mode)
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE versions ADD COLUMN delete_time INTEGER;
  `,
];
