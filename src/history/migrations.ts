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
  // Times become numbers and integrations ids: an index over a million rows has to be small. `kind`: deliveries.ts.
  `
  CREATE TABLE integrations (
    id INTEGER PRIMARY KEY,
    receiver TEXT NOT NULL,
    type TEXT NOT NULL,
    position INTEGER NOT NULL,
    UNIQUE (receiver, type, position)
  ) STRICT;
  INSERT INTO integrations (receiver, type, position) SELECT DISTINCT receiver, type, position FROM deliveries;

  ALTER TABLE deliveries RENAME TO former_deliveries;
  CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    integration INTEGER NOT NULL REFERENCES integrations (id),
    kind INTEGER NOT NULL,
    good INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    nonce TEXT,
    mode TEXT,
    evidence TEXT,
    stage TEXT,
    reason TEXT,
    alert TEXT,
    status TEXT,
    message INTEGER,
    latency_ms REAL,
    age_ms INTEGER
  ) STRICT;
  INSERT INTO deliveries (id, at, integration, kind, good, verdict, nonce, mode, stage, reason, latency_ms)
    SELECT former.id, CAST(round(unixepoch(former.at, 'subsec') * 1000) AS INTEGER), integrations.id, 1,
      former.verdict IN ('CONFIRMED', 'ACCEPTED'), former.verdict, former.nonce, 'alertmanager', former.stage,
      former.reason, former.latency_ms
    FROM former_deliveries AS former JOIN integrations USING (receiver, type, position);
  DROP TABLE former_deliveries;
  CREATE INDEX deliveries_by_integration ON deliveries (integration, kind, good, at, latency_ms);
  CREATE INDEX deliveries_by_nonce ON deliveries (nonce) WHERE nonce IS NOT NULL;

  CREATE TABLE delivery_days (
    integration INTEGER NOT NULL REFERENCES integrations (id),
    kind INTEGER NOT NULL,
    day INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    count INTEGER NOT NULL,
    timed INTEGER NOT NULL,
    latency_ms REAL NOT NULL,
    PRIMARY KEY (integration, kind, day, verdict)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO delivery_days
    SELECT integration, kind, at / 86400000, verdict, count(*), count(latency_ms), total(latency_ms)
    FROM deliveries GROUP BY 1, 2, 3, 4;

  CREATE TABLE destinations (
    receiver TEXT NOT NULL,
    type TEXT NOT NULL,
    position INTEGER NOT NULL,
    path TEXT,
    recipient TEXT
  ) STRICT;

  CREATE TABLE sightings (
    token_hash TEXT PRIMARY KEY,
    nonce TEXT NOT NULL,
    receiver TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    seen_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sightings_by_nonce ON sightings (nonce);
  CREATE INDEX sightings_by_receiver ON sightings (receiver, seen_at);

  CREATE TABLE jobs (
    name TEXT PRIMARY KEY,
    schedule TEXT NOT NULL,
    since INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE job_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL,
    due_at INTEGER,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT,
    exit INTEGER,
    reason TEXT
  ) STRICT;
  CREATE INDEX job_runs_by_job ON job_runs (job, id);
  `,
  `
  CREATE TABLE job_pauses (
    job TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
