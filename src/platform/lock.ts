import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { systemErrorCode } from './errors.ts';
import { readTextIfExists } from './files.ts';

export interface LockHolder {
  readonly pid: number;
  readonly purpose: string;
  /** UTC, ISO 8601. */
  readonly since: string;
}

export type LockAttempt =
  | { readonly held: true; release(): void }
  | { readonly held: false; readonly holder: LockHolder | undefined };

/**
 * A lock the kernel drops when its process dies, however it dies: SQLite's file lock (fcntl) on an empty
 * database, since Node has no flock. Never blocks, and needs no room on the disk once the file is there. `path` is
 * used for nothing else; `path.holder` names the holder for people, as far as it could be written, and is no part
 * of the lock. Rejects with system errors (`EACCES`, `ENOENT`, `ENOSPC`, …) when the file cannot be used.
 */
export async function tryLock(path: string, purpose: string): Promise<LockAttempt> {
  const { DatabaseSync } = await import('node:sqlite');
  requireLockFile(path);
  let database: InstanceType<typeof DatabaseSync> | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    // The journal of a lock is never needed, and a file of it would need room.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (!isBusy(error)) throw asSystemError(path, error);
    return { held: false, holder: await readHolder(path) };
  }
  const held = database;
  const holder: LockHolder = { pid: process.pid, purpose, since: new Date().toISOString() };
  await writeFile(`${path}.holder`, JSON.stringify(holder), { mode: 0o600 }).catch(() => undefined);
  return { held: true, release: () => held.close() };
}

/**
 * SQLite says "unable to open database file" where the system says why. In one go and never on a file that is
 * there: closing any descriptor of a file drops all locks that the process has on it (fcntl(2)).
 */
function requireLockFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    accessSync(path, constants.R_OK | constants.W_OK);
  }
}

/** Result codes of SQLite (sqlite.org/rescode.html); the low byte is the primary one. */
const SYSTEM_CODES: Readonly<Record<number, string>> = { 8: 'EROFS', 10: 'EIO', 13: 'ENOSPC', 14: 'EACCES' };

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

/** SQLITE_BUSY and SQLITE_LOCKED. */
function isBusy(error: unknown): boolean {
  return [5, 6].includes(resultCode(error) ?? 0);
}

function asSystemError(path: string, error: unknown): unknown {
  const code = SYSTEM_CODES[resultCode(error) ?? 0];
  if (code === undefined) return error;
  return Object.assign(new Error(`${code}: the lock ${path} cannot be taken`, { cause: error }), { code });
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  try {
    return JSON.parse((await readTextIfExists(`${path}.holder`)) ?? '') as LockHolder;
  } catch {
    return undefined;
  }
}
