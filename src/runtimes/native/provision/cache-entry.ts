import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import {
  ensureDirectory,
  readTextIfExists,
  syncDirectory,
  unfinishedName,
  writeFileAtomic,
} from '../../../platform/files.ts';
import { LAUNCHER, relocate, relocatedName } from './relocation.ts';

/** Sources that fill the cache, the best first. */
export const CACHED_ORIGINS = ['release', 'debian', 'go'] as const;

/** `program.json`, written last: an entry without it is half done and does not count. */
const entrySchema = z.object({
  format: z.literal(1),
  name: z.string(),
  /** Of the program: `3.16.0`. */
  version: z.string(),
  origin: z.enum(CACHED_ORIGINS),
  /** What the program came in: `prometheus 2.42.0+ds-5+deb12u1`, `github.com/…/cmd/prometheus`. */
  from: z.string(),
  sha256: z.string(),
  /** Bytes. */
  size: z.number(),
  /** Whole milliseconds since 1970; size and time unchanged spare the reading of the whole file. */
  mtime: z.number(),
  /** Set when `name` is a launcher: the file that is hashed is the one behind it. */
  relocated: z.literal(true).exactOptional(),
  /** The release archive that it was unpacked from, as `leitstand.lock` pins it. */
  archive: z
    .object({
      name: z.string(),
      version: z.string(),
      arch: z.string(),
      url: z.string(),
      sha256: z.string(),
      taken: z.string(),
    })
    .exactOptional(),
});

export type CacheEntry = z.infer<typeof entrySchema>;
export type CachedOrigin = CacheEntry['origin'];
export type NewEntry = Pick<CacheEntry, 'name' | 'version' | 'origin' | 'from' | 'archive'>;

export function programDir(cacheDir: string, name: string): string {
  return join(cacheDir, 'programs', name);
}

/** Name of an entry's directory: `go-3.16.0`. */
export function entryLabel({ origin, version }: Pick<CacheEntry, 'origin' | 'version'>): string {
  return `${origin}-${version}`;
}

export function entryDir(cacheDir: string, entry: Pick<CacheEntry, 'name' | 'version' | 'origin'>): string {
  return join(programDir(cacheDir, entry.name), entryLabel(entry));
}

/** The record of a finished entry; undefined when there is none, or none that we understand. */
export async function readEntry(directory: string): Promise<CacheEntry | undefined> {
  try {
    const text = await readTextIfExists(join(directory, 'program.json'));
    return text === undefined ? undefined : entrySchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Whoever writes into the file later leaves another time, even within the same tick of the kernel's clock. */
const LONG_AGO = new Date('2000-01-01T00:00:00Z');

/** False when the executable is not the one that was put there. Reads it whole only when size or time differ. */
export async function isIntact(directory: string, entry: CacheEntry): Promise<boolean> {
  const path = join(directory, entry.relocated ? relocatedName(entry.name) : entry.name);
  const found = await stat(path).catch(() => undefined);
  if (entry.relocated && (await readTextIfExists(join(directory, entry.name))) !== LAUNCHER) return false;
  if (!found?.isFile() || found.size !== entry.size) return false;
  return Math.trunc(found.mtimeMs) === entry.mtime || (await sha256(path)) === entry.sha256;
}

/**
 * Puts an executable into the cache, all or nothing: a directory is filled beside the entry, its record written last,
 * then it is renamed. The caller holds the program's lock. Returns the path of the executable. `data` is what
 * `relocate` takes.
 */
export async function publish(
  cacheDir: string,
  executable: string,
  wanted: NewEntry,
  data?: { readonly data: string; readonly root: string },
): Promise<string> {
  const target = entryDir(cacheDir, wanted);
  const staging = unfinishedName(target);
  await ensureDirectory(staging, 0o755);
  try {
    await copyFile(executable, join(staging, wanted.name));
    await chmod(join(staging, wanted.name), 0o755);
    const relocated = data !== undefined && (await relocate(staging, wanted.name, data));
    const path = join(staging, relocated ? relocatedName(wanted.name) : wanted.name);
    await utimes(path, LONG_AGO, LONG_AGO);
    await sync(path);
    const { size, mtimeMs } = await stat(path);
    const entry: CacheEntry = {
      format: 1,
      ...wanted,
      sha256: await sha256(path),
      size,
      mtime: Math.trunc(mtimeMs),
      ...(relocated ? { relocated: true } : {}),
    };
    await writeFileAtomic(join(staging, 'program.json'), `${JSON.stringify(entry, undefined, 2)}\n`);
    await install(staging, target, entry);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return join(target, wanted.name);
}

/** The same build, undamaged: replacing it would take the files from under a program that runs. */
async function isThere(target: string, entry: CacheEntry): Promise<boolean> {
  const present = await readEntry(target);
  return present?.sha256 === entry.sha256 && (await isIntact(target, present));
}

/**
 * Puts a filled directory in the place of the entry, unless the same build is there undamaged. The caller holds the
 * program's lock.
 */
export async function install(staging: string, target: string, entry: CacheEntry): Promise<void> {
  if (!(await isThere(target, entry))) await replaceDirectory(staging, target);
}

/** A running program keeps the executable it was started from, but not the files that lie beside it. */
async function replaceDirectory(staging: string, target: string): Promise<void> {
  const old = unfinishedName(target);
  await rename(target, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(staging, target);
  await syncDirectory(dirname(target));
  await rm(old, { recursive: true, force: true });
}

async function sync(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
