import { copyFile, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { systemErrorCode } from '../../platform/errors.ts';

/** A log and its one predecessor: at most twice this much disk a program. */
const LIMIT_BYTES = 64 * 1024 ** 2;
const CHECK_MS = 60_000;

/** Keeps the logs of a directory small until aborted. What could not be rotated is tried again a minute later. */
export async function rotateLogs(directory: string, clock: Clock, closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    await rotateOnce(directory, LIMIT_BYTES).catch(() => undefined);
    await clock.sleep(CHECK_MS, closing).catch(() => undefined);
  }
}

/**
 * Copies each log above the limit to `<name>.log.1` and empties it: a rename would not do, since the program keeps
 * its descriptor. What is written between copy and cut is lost, a few lines at most. On a full disk the log is
 * emptied without a copy. One that fails hinders no other; returns the names of those that failed.
 */
export async function rotateOnce(directory: string, limitBytes: number): Promise<string[]> {
  const failed: string[] = [];
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.log')) continue;
    const path = join(directory, name);
    await rotate(path, limitBytes).catch(() => failed.push(name));
  }
  return failed;
}

async function rotate(path: string, limitBytes: number): Promise<void> {
  if ((await stat(path)).size <= limitBytes) return;
  const copy = `${path}.unfinished`;
  try {
    await copyFile(path, copy);
    await truncate(path);
    await rename(copy, `${path}.1`);
  } catch (error) {
    await rm(copy, { force: true });
    if (!['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '')) throw error;
    await truncate(path);
  }
}
