import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemErrorCode } from './errors.ts';

/** Names with this mark are half done: readers pass them over, writers may sweep them. */
export const UNFINISHED_MARK = '.unfinished-';

export function unfinishedName(path: string): string {
  return `${path}${UNFINISHED_MARK}${randomBytes(6).toString('hex')}`;
}

/**
 * All or nothing, and durable: temporary file beside the target, fsync, rename, fsync of the directory.
 * A crash leaves the old content or the new, and at most one `.unfinished-*` file.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const temporary = unfinishedName(path);
  try {
    const handle = await open(temporary, 'wx', options.mode ?? 0o644);
    try {
      await handle.chmod(options.mode ?? 0o644);
      await writeAll(handle, typeof data === 'string' ? Buffer.from(data) : data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Node's `writeFile` hands half a MiB at a time to another thread, which takes longer than the kernel does for it. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done)).bytesWritten;
}

/**
 * A copy with the mode, the modification time and (as root) the owner of the original, made from bytes that were read
 * of it: what is copied is what was looked at. The target must not exist.
 */
export async function writeCopy(path: string, original: OriginalFile): Promise<void> {
  const { bytes, mode, uid, gid, modifiedAt } = original;
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    if (process.getuid?.() === 0) await handle.chown(uid, gid);
    await handle.chmod(mode & 0o777);
    await handle.utimes(modifiedAt, modifiedAt);
  } finally {
    await handle.close();
  }
}

export interface OriginalFile {
  readonly bytes: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAt: Date;
}

/** One moment of a small file that is replaced as a whole; undefined when it is not there. */
export async function readOriginal(
  path: string,
  options: { readonly followLinks?: boolean } = {},
): Promise<OriginalFile | undefined> {
  try {
    const flags = options.followLinks === true ? 0 : constants.O_NOFOLLOW;
    const handle = await open(path, constants.O_RDONLY | flags);
    try {
      const { mode, uid, gid, mtime } = await handle.stat();
      return { bytes: await handle.readFile(), mode, uid, gid, modifiedAt: mtime };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes renames in the directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function readTextIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** Private to its owner (0700) unless said otherwise; parents are made as well. */
export async function ensureDirectory(path: string, mode = 0o700): Promise<string> {
  await mkdir(path, { recursive: true, mode });
  return path;
}

/** The first executable of that name on a PATH-like list of directories. */
export async function findExecutable(name: string, pathList: string): Promise<string | undefined> {
  for (const directory of pathList.split(':')) {
    if (directory === '') continue;
    const candidate = join(directory, name);
    try {
      if ((await stat(candidate)).isFile()) {
        await access(candidate, constants.X_OK);
        return candidate;
      }
    } catch {
      continue;
    }
  }
  return undefined;
}
