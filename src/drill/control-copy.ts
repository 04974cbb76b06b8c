import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { systemErrorCode } from '../platform/errors.ts';
import type { Source } from '../stack/source.ts';

/** No room for links: another file system, one without them, or too many of them. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS']);

/**
 * The restored data a second time, before any program has touched it. Files that are never written into become hard
 * links where the file system has them, so that the copy costs no room.
 */
export async function copyForControl(source: Source, from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const file of await readdir(from, { recursive: true, withFileTypes: true })) {
    const path = relative(from, join(file.parentPath, file.name));
    if (file.isDirectory()) await mkdir(join(to, path), { recursive: true });
    if (file.isSymbolicLink()) {
      await mkdir(dirname(join(to, path)), { recursive: true });
      await symlink(await readlink(join(from, path), { encoding: 'buffer' }), join(to, path));
    }
    if (!file.isFile()) continue;
    await mkdir(dirname(join(to, path)), { recursive: true });
    if (!source.neverRewrites?.(path) || !(await tryLink(join(from, path), join(to, path))))
      await copyFile(join(from, path), join(to, path), constants.COPYFILE_FICLONE);
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (NO_LINK.has(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}
