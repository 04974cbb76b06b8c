import { readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDirectory } from '../platform/files.ts';
import { tryLock } from '../platform/lock.ts';
import { formatSize } from '../platform/units.ts';
import { drillErrors } from './errors.ts';

const PREFIX = 'drill-';
/** Blocks, directories and what the twin itself writes. */
const HEADROOM_BYTES = 64 * 1024 * 1024;

export interface Scratch {
  readonly directory: string;
  /** Removes the directory and gives the lock back. */
  remove(): Promise<void>;
}

/**
 * A directory of one drill. Under the lock, so whatever other drills left there is of killed ones and is removed
 * (a twin does not outlive its drill: that is the runtime's promise). Rejects with LS-DRILL-001 when another drill runs.
 */
export async function openScratch(scratchDir: string, id: string): Promise<Scratch> {
  await ensureDirectory(scratchDir);
  const lock = await tryLock(join(scratchDir, 'drill.lock'), 'drill');
  if (!lock.held) throw locked(lock.holder);
  const directory = join(scratchDir, PREFIX + id);
  try {
    await sweep(scratchDir);
    await ensureDirectory(directory);
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    directory,
    remove: async () => {
      try {
        await removeTree(directory);
      } finally {
        lock.release();
      }
    },
  };
}

async function sweep(scratchDir: string): Promise<void> {
  const leftovers = (await readdir(scratchDir)).filter((name) => name.startsWith(PREFIX));
  for (const name of leftovers) await removeTree(join(scratchDir, name));
}

/** A twin that is just ending may still write into it. */
function removeTree(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** Asked before the restore, so that a drill does not fill the disk the stack writes to. */
export async function assertRoom(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const [free, needed] = [bavail * bsize, bytes + HEADROOM_BYTES];
  if (free >= needed) return;
  throw drillErrors.error('LS-DRILL-003', {
    what: `there is not enough room for a drill in ${directory}`,
    why: `it needs ${formatSize(needed)}, ${formatSize(free)} are free`,
    fix: 'make room there, or choose a scratch directory on another disk',
  });
}

function locked(holder: { pid: number; since: string } | undefined) {
  return drillErrors.error('LS-DRILL-001', {
    what: 'another drill is running on this host',
    why: holder ? `process ${holder.pid} holds the lock since ${holder.since}` : undefined,
    fix: 'wait for it and try again',
  });
}
