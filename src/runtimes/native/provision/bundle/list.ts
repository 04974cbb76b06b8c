import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatVersion } from '../../../../stack/version.ts';
import { listFinished } from '../cache.ts';
import { isIntact } from '../cache-entry.ts';

/** One finished entry of the cache, as people and scripts see it. */
export interface CachedProgram {
  readonly name: string;
  readonly version: string;
  readonly origin: string;
  /** What it came in. */
  readonly from: string;
  /** Bytes of the executable. */
  readonly size: number;
  readonly sha256: string;
  /** False when the executable is not the one that was put there. */
  readonly intact: boolean;
  readonly directory: string;
}

/** Everything finished in the cache, by name, the newest version first. */
export async function listCached(cacheDir: string): Promise<CachedProgram[]> {
  const root = join(cacheDir, 'programs');
  const names = (await readdir(root).catch((): string[] => [])).sort((a, b) => a.localeCompare(b, 'en'));
  const programs: CachedProgram[] = [];
  for (const name of names) {
    if (!(await stat(join(root, name)).catch(() => undefined))?.isDirectory()) continue;
    const found = await listFinished(cacheDir, name);
    found.sort((a, b) =>
      formatVersion(b.version).localeCompare(formatVersion(a.version), 'en', { numeric: true }),
    );
    for (const { directory, entry } of found) {
      const { version, origin, from, size, sha256 } = entry;
      const intact = await isIntact(directory, entry);
      programs.push({ name, version, origin, from, size, sha256, intact, directory });
    }
  }
  return programs;
}
