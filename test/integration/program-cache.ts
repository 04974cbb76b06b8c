import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../src/platform/files.ts';

/** The finished cache entry of that origin with the highest version. */
export async function newestCached(
  cacheDir: string,
  name: string,
  origin: string,
): Promise<string | undefined> {
  const root = join(cacheDir, 'programs', name);
  const entries = (await readdir(root).catch(() => [])).filter((entry) => entry.startsWith(`${origin}-`));
  for (const entry of entries.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))) {
    if (await exists(join(root, entry, 'program.json'))) return join(root, entry);
  }
  return undefined;
}
