/**
 * Applied in order; the file's `user_version` counts those it has. Never edit one that was released.
 * A proof's columns are computed from its record, so that no column can say something the hash does not cover.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE proofs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    record TEXT NOT NULL,
    hash TEXT NOT NULL,
    kind TEXT GENERATED ALWAYS AS (json_extract(record, '$.kind')) VIRTUAL,
    subject TEXT GENERATED ALWAYS AS (json_extract(record, '$.subject')) VIRTUAL
  ) STRICT;
  CREATE INDEX proofs_by_subject ON proofs (kind, subject, id);

  CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL,
    type TEXT NOT NULL,
    size INTEGER NOT NULL,
    path TEXT NOT NULL,
    reply_status INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    status TEXT NOT NULL,
    problems TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX messages_by_type ON messages (type, id);

  CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    nonce TEXT NOT NULL,
    receiver TEXT NOT NULL,
    type TEXT NOT NULL,
    position INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    stage TEXT,
    reason TEXT,
    latency_ms REAL
  ) STRICT;
  CREATE INDEX deliveries_by_receiver ON deliveries (receiver, id);
  `,
  `
  ALTER TABLE messages ADD COLUMN recipient TEXT NOT NULL DEFAULT '';

  CREATE TABLE misbehaviours (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    fault TEXT NOT NULL,
    times INTEGER,
    "left" INTEGER,
    until TEXT
  ) STRICT;
  `,
];
