import { writeFile } from 'node:fs/promises';
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
 * database, since Node has no flock. Never blocks. `path` is used for nothing else; `path.holder` names the
 * holder for people and is no part of the lock.
 */
export async function tryLock(path: string, purpose: string): Promise<LockAttempt> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!(error instanceof Error) || !/locked|busy/i.test(error.message)) throw error;
    return { held: false, holder: await readHolder(path) };
  }
  const holder: LockHolder = { pid: process.pid, purpose, since: new Date().toISOString() };
  try {
    await writeFile(`${path}.holder`, JSON.stringify(holder), { mode: 0o600 });
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    held: true,
    release: () => database.close(),
  };
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  try {
    return JSON.parse((await readTextIfExists(`${path}.holder`)) ?? '') as LockHolder;
  } catch {
    return undefined;
  }
}
