import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type LeitstandError, systemErrorCode } from '../platform/errors.ts';
import { historyErrors } from './errors.ts';
import { migrations } from './migrations.ts';

/** Milliseconds a writer waits for its turn. */
const BUSY_TIMEOUT_MS = 10_000;

/** `leitstand.db`, with errors a user can read. Everything is synchronous: each call is one short transaction. */
export interface Database {
  /** Runs `work` so that SQLite's errors come out as LS-HISTORY ones. */
  read<Result>(work: (database: DatabaseSync) => Result): Result;
  /** All or nothing, alone among all processes: BEGIN IMMEDIATE. Within another one it is a part of that. */
  write<Result>(work: (database: DatabaseSync) => Result): Result;
  close(): void;
}

/** Opens or makes the file (0600), and brings its schema up to date. */
export function openDatabase(path: string): Database {
  const connection = guarded(path, () => {
    // Before SQLite would make it with the umask's mode; -wal and -shm take over the mode of the file.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  });
  const database: Database = {
    read: (work) => guarded(path, () => work(connection)),
    write: (work) => guarded(path, () => inTransaction(connection, work)),
    close: () => {
      if (connection.isOpen) connection.close();
    },
  };
  try {
    database.read(useWriteAheadLog);
    refuseNewer(path, database.read(schemaVersion));
    if (database.read(schemaVersion) < migrations.length)
      database.write((inside) => {
        // Read again: another process may have migrated since.
        const version = schemaVersion(inside);
        refuseNewer(path, version);
        for (const migration of migrations.slice(version)) inside.exec(migration);
        inside.exec(`PRAGMA user_version = ${migrations.length}`);
      });
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

const statements = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

/** A statement of a fixed text, for what is asked all the time: compiled once. */
export function prepared(database: DatabaseSync, sql: string): StatementSync {
  const known = statements.get(database) ?? new Map<string, StatementSync>();
  statements.set(database, known);
  const statement = known.get(sql) ?? database.prepare(sql);
  known.set(sql, statement);
  return statement;
}

function inTransaction<Result>(connection: DatabaseSync, work: (database: DatabaseSync) => Result): Result {
  if (connection.isTransaction) return work(connection);
  connection.exec('BEGIN IMMEDIATE');
  try {
    const result = work(connection);
    connection.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has already rolled back after some errors (disk full).
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

/** SQLite does not wait for its turn here, whatever the timeout, when two processes open a new file at once. */
function useWriteAheadLog(database: DatabaseSync): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; ; waited += 20) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (primaryCode(error) !== SQLITE.busy || waited >= BUSY_TIMEOUT_MS) throw error;
      Atomics.wait(pause, 0, 0, 20);
    }
  }
}

function schemaVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}

function refuseNewer(path: string, version: number): void {
  if (version <= migrations.length) return;
  throw historyErrors.error('LS-HISTORY-002', {
    what: `${path} has schema ${version}; this program knows up to ${migrations.length}`,
    why: 'a newer Leitstand has used this state directory',
    where: { file: path },
    fix: 'use the newer leitstand here, or another stateDir for this one',
  });
}

/** Primary result codes: sqlite.org/rescode.html. */
const SQLITE = {
  perm: 3,
  busy: 5,
  locked: 6,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  notadb: 26,
};

function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

/** SQLite's and the system's errors about the file as LS-HISTORY ones. */
export function guarded<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw explain(path, error) ?? error;
  }
}

function explain(path: string, error: unknown): LeitstandError | undefined {
  if (!(error instanceof Error)) return undefined;
  const common = { why: error.message, where: { file: path }, cause: error };
  switch (primaryCode(error)) {
    case SQLITE.corrupt:
    case SQLITE.notadb:
      return historyErrors.error('LS-HISTORY-001', {
        ...common,
        what: `the history file ${path} is damaged`,
        fix: `put it aside as a whole: leitstand down; mkdir ${path}.damaged; mv ${path} ${path}-wal ${path}-shm ${path}.damaged/; leitstand up. A new one is made; sqlite3 (.recover) may still read the old one`,
      });
    case SQLITE.busy:
    case SQLITE.locked:
      return historyErrors.error('LS-HISTORY-004', {
        ...common,
        what: `the history file stayed locked for ${BUSY_TIMEOUT_MS / 1000} s`,
        fix: `see who has it open (fuser -v ${path}) and repeat the command`,
      });
    case SQLITE.full:
      return historyErrors.error('LS-HISTORY-003', {
        ...common,
        what: `the history file ${path} cannot grow: the disk is full`,
        fix: `make room (df -h ${path}) and repeat the command`,
      });
    case SQLITE.perm:
    case SQLITE.readonly:
    case SQLITE.ioerr:
    case SQLITE.cantopen:
      return notWritable(path, common);
    default:
      return ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR', 'ENOSPC'].includes(
        systemErrorCode(error) ?? '',
      )
        ? notWritable(path, common)
        : undefined;
  }
}

function notWritable(
  path: string,
  common: { why: string; where: { file: string }; cause: Error },
): LeitstandError {
  return historyErrors.error('LS-HISTORY-003', {
    ...common,
    what: `the history file ${path} cannot be opened for writing`,
    fix: `check that its directory exists and belongs to you: ls -ld "$(dirname ${path})" ${path}`,
  });
}
