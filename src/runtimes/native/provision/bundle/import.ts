import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, open, rm, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { childEnvironment } from '../../../../platform/environment.ts';
import { LeitstandError, systemErrorCode } from '../../../../platform/errors.ts';
import { ensureDirectory, unfinishedName } from '../../../../platform/files.ts';
import { formatSize } from '../../../../platform/units.ts';
import { type CacheEntry, entryDir, entryLabel, install, isIntact, readEntry } from '../cache-entry.ts';
import { cacheError, provisionErrors } from '../errors.ts';
import { withLock, withProgramLocks } from '../program-lock.ts';
import { openLockFile, requirePinned } from '../release/lock-file.ts';
import type { ProvisionContext } from '../source.ts';
import { relocatedName } from '../relocation.ts';
import { readTar, type TarEntry, TarError } from '../tar.ts';
import { MANIFEST, type Manifest, manifestSchema } from './manifest.ts';

const MAX_TOTAL_BYTES = 16 * 1024 ** 3;
const MAX_FILES = 50_000;
const MAX_MANIFEST_BYTES = 64 * 1024 ** 2;

/** Exactly what the cache has below `programs/`, and no way out of it. */
const PROGRAM_PATH = /^programs\/[a-z0-9][a-z0-9_-]*\/(?:release|debian|go)-\d+\.\d+\.\d+\/(?=.)/;

/** Why the file is not taken in; becomes LS-PROVISION-011. */
class Refused extends Error {}

export interface Imported {
  readonly entries: readonly CacheEntry[];
  /** SHA-256 of the whole file. */
  readonly sha256: string;
}

/**
 * Takes a file of `exportPrograms` into the cache: everything is verified in a place of its own first, and only then
 * moved. Rejects with LS-PROVISION-011, or 008 when a program is not the one that the stack's lock file pins; then the
 * cache is as it was.
 */
export async function importPrograms(file: string, caller: ProvisionContext): Promise<Imported> {
  const context = { ...caller, env: childEnvironment(caller.env) };
  const { cacheDir } = context.provisioning;
  try {
    return await withLock('import', context, async () => {
      const shelf = join(cacheDir, 'import');
      // What a killed import left.
      await rm(shelf, { recursive: true, force: true });
      const staging = unfinishedName(join(shelf, 'programs'));
      await ensureDirectory(staging, 0o755);
      try {
        const { found, manifest, sha256 } = await unpack(file, staging, context);
        await verifyFiles(staging, manifest, found);
        const entries = await verifyEntries(staging, manifest, context);
        await putInPlace(staging, entries, context);
        return { entries, sha256 };
      } finally {
        await rm(shelf, { recursive: true, force: true });
      }
    });
  } catch (error) {
    context.signal?.throwIfAborted();
    throw explained(error, file, cacheDir);
  }
}

function explained(error: unknown, file: string, cacheDir: string): unknown {
  if (error instanceof LeitstandError) return error;
  const code = systemErrorCode(error) ?? '';
  const isDamaged = error instanceof Refused || error instanceof TarError || code.startsWith('Z_');
  const isUnreadable = (error as NodeJS.ErrnoException).path === file;
  if (!isDamaged && !isUnreadable) return cacheError(error, cacheDir) ?? error;
  return provisionErrors.error('LS-PROVISION-011', {
    what: `${file} cannot be taken in; the cache is as it was`,
    why: (error as Error).message,
    fix: isUnreadable
      ? 'name a file that `leitstand cache export` wrote and that this user may read'
      : 'copy the file again, and compare `sha256sum FILE` with what `leitstand cache export` printed',
    cause: error,
  });
}

interface Found {
  readonly size: number;
  readonly sha256: string;
}

interface Unpacked {
  readonly found: ReadonlyMap<string, Found>;
  readonly manifest: Manifest;
  readonly sha256: string;
}

async function unpack(file: string, staging: string, { signal }: ProvisionContext): Promise<Unpacked> {
  const found = new Map<string, Found>();
  const whole = createHash('sha256');
  let manifest: Manifest | undefined;
  let total = 0;
  const sink = async (source: AsyncIterable<Buffer>) => {
    for await (const entry of readTar(source)) {
      if (manifest) throw new Refused(`${entry.name} comes after the list of files`);
      if (entry.type !== 'file') throw new Refused(`${entry.name} is not a plain file`);
      total += entry.size;
      if (total > MAX_TOTAL_BYTES || found.size >= MAX_FILES)
        throw new Refused(`it has over ${formatSize(MAX_TOTAL_BYTES)} or ${MAX_FILES} files`);
      if (entry.name === MANIFEST) manifest = await readManifest(entry);
      else found.set(requireSafe(entry.name, found), await write(entry, join(staging, entry.name)));
    }
  };
  const hashed = async function* () {
    for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
      whole.update(piece);
      yield piece;
    }
  };
  if (await isCompressed(file)) await pipeline(hashed, createGunzip(), sink, { signal });
  else await pipeline(hashed, sink, { signal });
  if (!manifest)
    throw new Refused('the list of files is missing: it ends early, or is no file of `cache export`');
  return { found, manifest, sha256: whole.digest('hex') };
}

async function isCompressed(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

function requireSafe(path: string, found: ReadonlyMap<string, Found>): string {
  const segments = path.split('/');
  const isInside = PROGRAM_PATH.test(path) && !segments.some((one) => ['', '.', '..'].includes(one));
  if (!isInside || /[\p{Cc}\\]/u.test(path)) throw new Refused(`${path} is not a path of the cache`);
  if (found.has(path)) throw new Refused(`${path} is in it twice`);
  return path;
}

async function write(entry: TarEntry, path: string): Promise<Found> {
  await ensureDirectory(dirname(path), 0o755);
  const hash = createHash('sha256');
  const body = async function* () {
    for await (const piece of entry.body) {
      hash.update(piece);
      yield piece;
    }
  };
  await pipeline(body, createWriteStream(path, { flags: 'wx', mode: 0o644, flush: true }));
  return { size: entry.size, sha256: hash.digest('hex') };
}

async function readManifest({ body, size }: TarEntry): Promise<Manifest> {
  if (size > MAX_MANIFEST_BYTES) throw new Refused('its list of files is too long');
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  try {
    return manifestSchema.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
  } catch (error) {
    throw new Refused('its list of files cannot be understood: was it written by a newer Leitstand?', {
      cause: error,
    });
  }
}

async function verifyFiles(
  staging: string,
  { arch, files }: Manifest,
  found: ReadonlyMap<string, Found>,
): Promise<void> {
  if (arch !== process.arch)
    throw new Refused(`its programs are for ${arch}, this machine is ${process.arch}`);
  if (files.length === 0) throw new Refused('there is no program in it');
  const listed = new Map(files.map((file) => [file.path, file]));
  const unlisted = [...found.keys()].find((path) => !listed.has(path));
  if (unlisted !== undefined) throw new Refused(`${unlisted} is not in its list of files`);
  for (const { path, size, sha256, executable } of listed.values()) {
    const file = found.get(path);
    if (!file) throw new Refused(`${path} is in its list of files, and is missing`);
    if (file.size !== size || file.sha256 !== sha256)
      throw new Refused(`${path} is not what its list of files says`);
    await chmod(join(staging, path), executable ? 0o755 : 0o644);
  }
}

async function verifyEntries(
  staging: string,
  { files }: Manifest,
  { lockFile, onProgress }: ProvisionContext,
): Promise<CacheEntry[]> {
  const lock = openLockFile(lockFile, onProgress);
  const directories = new Set(files.map(({ path }) => path.split('/').slice(0, 3).join('/')));
  const entries: CacheEntry[] = [];
  for (const path of directories) {
    const directory = join(staging, path);
    const entry = await readEntry(directory);
    const isItself = entry && basename(dirname(path)) === entry.name && basename(path) === entryLabel(entry);
    if (!isItself) throw new Refused(`${path} has no record of the program in it`);
    const executable = join(directory, entry.relocated ? relocatedName(entry.name) : entry.name);
    // The time is what spares later runs the reading of the whole file: it is set after it was read here.
    await requireIntact(directory, entry, path);
    await utimes(executable, entry.mtime / 1000, entry.mtime / 1000);
    if (entry.origin === 'release' && entry.archive === undefined)
      throw new Refused(`${path} does not say which archive it is from`);
    await requirePinned(lock, entry, `${path} in this file`);
    entries.push(entry);
  }
  return entries;
}

async function requireIntact(directory: string, entry: CacheEntry, path: string): Promise<void> {
  const whole = { ...entry, mtime: Number.NaN };
  if (!(await isIntact(directory, whole))) throw new Refused(`${path} is not the program of its own record`);
}

async function putInPlace(
  staging: string,
  entries: readonly CacheEntry[],
  context: ProvisionContext,
): Promise<void> {
  const { cacheDir } = context.provisioning;
  const names = [...new Set(entries.map(({ name }) => name))];
  await withProgramLocks(names, context, async () => {
    for (const entry of entries) {
      const target = entryDir(cacheDir, entry);
      await ensureDirectory(dirname(target), 0o755);
      await install(entryDir(staging, entry), target, entry);
    }
  });
}
