import { copyFile, readdir, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';

/** A log and its one predecessor: at most twice this much disk a program. */
const LIMIT_BYTES = 64 * 1024 ** 2;
const CHECK_MS = 60_000;

/** Keeps the logs of a directory small until aborted. A full disk, on which it cannot, is the programs' to report. */
export async function rotateLogs(directory: string, clock: Clock, closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    await rotateOnce(directory, LIMIT_BYTES).catch(() => undefined);
    await clock.sleep(CHECK_MS, closing).catch(() => undefined);
  }
}

/**
 * Copies each log above the limit to `<name>.log.1` and empties it: a rename would not do, since the program keeps
 * its descriptor. What is written between copy and cut is lost, a few lines at most.
 */
export async function rotateOnce(directory: string, limitBytes: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (!name.endsWith('.log') || (await stat(path)).size <= limitBytes) continue;
    await copyFile(path, `${path}.unfinished`);
    await truncate(path);
    await rename(`${path}.unfinished`, `${path}.1`);
  }
}
