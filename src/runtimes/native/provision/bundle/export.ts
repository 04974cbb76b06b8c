import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { syncDirectory, unfinishedName } from '../../../../platform/files.ts';
import type { ProvisionContext } from '../source.ts';
import { type NewTarEntry, writeTar } from '../tar.ts';
import { MANIFEST, type Manifest, type ManifestFile } from './manifest.ts';

export interface BundleResult {
  /** Of the whole file: what proves on the other side that it arrived as it was written. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

export interface BundleRequest {
  readonly cacheDir: string;
  /** Directories of finished entries. */
  readonly directories: readonly string[];
  /** Written as a whole or not at all; compressed unless its name ends in `.tar`. */
  readonly file: string;
}

/** Entries of the cache as one archive. Links are left out: those in Debian's packages lead to what is not there. */
export async function exportPrograms(
  { cacheDir, directories, file }: BundleRequest,
  { clock, signal }: Pick<ProvisionContext, 'clock' | 'signal'>,
): Promise<BundleResult> {
  const paths = (await Promise.all(directories.map((directory) => listFiles(directory)))).flat();
  const created = clock.now().toISOString();
  const temporary = unfinishedName(file);
  const hash = createHash('sha256');
  let size = 0;
  const measured = async function* (source: AsyncIterable<Buffer>) {
    for await (const piece of source) {
      hash.update(piece);
      size += piece.length;
      yield piece;
    }
  };
  try {
    const tar = writeTar(tarEntries(cacheDir, paths.sort(), created));
    // Opened here: a stream that is given up before it has opened its file makes it all the same, after the `rm`.
    const target = (await open(temporary, 'wx', 0o644)).createWriteStream({ flush: true });
    if (file.endsWith('.tar')) await pipeline(tar, measured, target, { signal });
    else await pipeline(tar, createGzip(), measured, target, { signal });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(file));
  return { sha256: hash.digest('hex'), size };
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function* tarEntries(
  cacheDir: string,
  paths: readonly string[],
  created: string,
): AsyncGenerator<NewTarEntry> {
  const files: ManifestFile[] = [];
  for (const path of paths) {
    const { size, mode } = await stat(path);
    const name = relative(cacheDir, path);
    const executable = (mode & 0o111) !== 0;
    const hash = createHash('sha256');
    yield { name, size, mode: executable ? 0o755 : 0o644, body: hashed(path, hash) };
    files.push({ path: name, size, executable, sha256: hash.digest('hex') });
  }
  const manifest: Manifest = { format: 1, arch: process.arch, created, files };
  const body = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
  yield { name: MANIFEST, size: body.length, mode: 0o644, body: [body] };
}

async function* hashed(path: string, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(piece);
    yield piece;
  }
}
