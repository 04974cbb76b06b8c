import { constants } from 'node:fs';
import { lstat, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Clock, systemClock } from '../../../platform/clock.ts';
import { systemErrorCode } from '../../../platform/errors.ts';
import {
  ensureDirectory,
  syncDirectory,
  UNFINISHED_MARK,
  unfinishedName,
  writeFileAtomic,
} from '../../../platform/files.ts';
import type { ByteRange, Store, StoredObject } from '../../../stack/store.ts';
import { readAhead } from '../../read-ahead.ts';
import { assertObjectName } from '../object-name.ts';

/** An unfinished file this old belongs to no writer that still runs. */
const ABANDONED_MS = 60 * 60 * 1000;
const FILE_MODE = 0o600;
/** Neither a link is followed, nor waited for the other end of a pipe: neither is an object. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** read(2) takes no more at once. */
const MOST_READ_BYTES = 1024 ** 3;
/** Files that are looked at at the same time, for a list. */
const LOOKS = 32;

/**
 * A store in a local directory, which the first `put` makes. The first `put` also sweeps what earlier writers
 * left half done over an hour ago.
 */
export function openDirectoryStore(path: string, clock: Clock = systemClock): Store {
  const root = resolve(path);
  let swept: Promise<void> | undefined;
  return {
    label: `directory ${root}`,
    put: async (name, data) => {
      const file = fileOf(root, name);
      swept ??= sweep(root, clock);
      await swept;
      await makeDirectories(root, dirname(file));
      await writeFileAtomic(file, data, { mode: FILE_MODE });
    },
    get: async (name, range, into) => readObject(fileOf(root, name), range, into),
    head: async (name) => {
      const found = await unlessMissing(lstat(fileOf(root, name)));
      return found?.isFile() ? { size: found.size } : undefined;
    },
    list: (prefix) => listObjects(root, prefix),
    time: () => timeIn(root),
    delete: async (name) => {
      const file = fileOf(root, name);
      await rm(file, { force: true });
      await unlessMissing(syncDirectory(dirname(file)));
    },
  };
}

function fileOf(root: string, name: string): string {
  return join(root, assertObjectName(name));
}

async function readObject(
  file: string,
  range: ByteRange | undefined,
  into: Uint8Array | undefined,
): Promise<Uint8Array | undefined> {
  const handle = await unlessMissing(open(file, READ));
  if (!handle) return undefined;
  try {
    const found = await handle.stat();
    if (!found.isFile()) return undefined;
    const offset = Math.min(range?.offset ?? 0, found.size);
    const length = Math.min(range?.length ?? found.size, found.size - offset);
    const bytes = into && into.length >= length ? into : Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(
        bytes,
        filled,
        Math.min(length - filled, MOST_READ_BYTES),
        offset + filled,
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

/** Of the file server, where the directory is a share. */
async function timeIn(root: string): Promise<Date> {
  await ensureDirectory(root);
  const file = unfinishedName(join(root, 'time'));
  const handle = await open(file, 'wx', FILE_MODE);
  try {
    return (await handle.stat()).mtime;
  } finally {
    await handle.close();
    await rm(file, { force: true });
  }
}

async function* listObjects(root: string, prefix: string): AsyncGenerator<StoredObject> {
  const directory = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const objects = readAhead(walk(root, directory), {
    work: async (name) => {
      if (!name.startsWith(prefix) || name.includes(UNFINISHED_MARK)) return undefined;
      const found = await unlessMissing(stat(join(root, name)));
      return found && { name, size: found.size, modifiedAt: found.mtime };
    },
    count: LOOKS,
  });
  for await (const object of objects) if (object) yield object;
}

/** Every file below `directory` (empty, or with a closing `/`), in the order of the whole names. */
async function* walk(root: string, directory: string): AsyncGenerator<string> {
  const entries = (await unlessMissing(readdir(join(root, directory), { withFileTypes: true }))) ?? [];
  const names = entries
    .filter((entry) => entry.isDirectory() || entry.isFile())
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort((a, b) => (a < b ? -1 : 1));
  for (const name of names) {
    if (name.endsWith('/')) yield* walk(root, `${directory}${name}`);
    else yield `${directory}${name}`;
  }
}

async function sweep(root: string, clock: Clock): Promise<void> {
  for await (const name of walk(root, '')) {
    if (!name.includes(UNFINISHED_MARK)) continue;
    const found = await unlessMissing(stat(join(root, name)));
    if (found && clock.now().getTime() - found.mtimeMs > ABANDONED_MS)
      await rm(join(root, name), { force: true });
  }
}

/**
 * Makes what is missing and makes that durable, from the top down. Goes through no symbolic link below the root: whoever
 * can write there must not lead us outside. Rejects with ENOTDIR.
 */
async function makeDirectories(root: string, directory: string): Promise<void> {
  const parent = dirname(directory);
  if (directory !== root) await makeDirectories(root, parent);
  const found = await unlessMissing(directory === root ? stat(directory) : lstat(directory));
  if (found?.isDirectory()) return;
  if (found) throw Object.assign(new Error(`${directory} is no directory`), { code: 'ENOTDIR' });
  await ensureDirectory(directory);
  await syncDirectory(parent);
}

async function unlessMissing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}
