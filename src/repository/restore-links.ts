import { closeSync, constants, linkSync, lstatSync, openSync, unlinkSync } from 'node:fs';
import { systemErrorCode } from '../platform/errors.ts';
import type { FileEntry } from './file-entry.ts';
import type { RestoreDirectories, Way } from './restore-directories.ts';
import { unsafe, writing } from './restore-errors.ts';
import type { OwnerIds } from './restore-owner.ts';
import { nameOf, parentOf, type RawPath, shownPath } from './restore-paths.ts';

/** A file that is complete in the target. */
export interface PlacedFile {
  readonly path: RawPath;
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The file system has no hard links, or not so many of one file, or they would lie on two (a mount in the target). */
export const NO_LINK = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/** The same in every name of one file; a list that lies about one of them has it restored as a file of its own. */
export function linkGroup(entry: FileEntry): string | undefined {
  if (entry.link === undefined) return undefined;
  const { link, sha256, size, mode, uid, gid, mtime } = entry;
  return JSON.stringify([link, sha256, size, mode, uid, gid, mtime]);
}

/** Gives a restored file another name; false where that cannot be. It is that file, whoever moves things meanwhile. */
export function linkFile(
  directories: RestoreDirectories,
  {
    root,
    path,
    placed,
    owner,
    mayReplace,
  }: {
    readonly root: string;
    readonly path: RawPath;
    readonly placed: PlacedFile;
    readonly owner: OwnerIds | undefined;
    readonly mayReplace: boolean;
  },
): boolean {
  const shown = shownPath(root, path);
  // Held, since the other way may close it.
  const held = openSync(
    `/proc/self/fd/${directories.descriptorOf(parentOf(placed.path), owner)}`,
    constants.O_RDONLY | constants.O_DIRECTORY,
  );
  try {
    const from = Buffer.from(`/proc/self/fd/${held}/${nameOf(placed.path)}`, 'latin1');
    const way = directories.wayTo(path, owner);
    if (mayReplace && isFile(way, placed)) return true;
    return writing(shown, () => {
      if (mayReplace) removeIfThere(way);
      if (!makeLink(from, way)) return false;
      if (isFile(way, placed)) return true;
      unlinkSync(way);
      throw unsafe(shown, 'something else has been put in the place of the file that it is a hard link of');
    });
  } finally {
    closeSync(held);
  }
}

function isFile(way: Way, { dev, ino }: PlacedFile): boolean {
  const found = lstatSync(way, { bigint: true, throwIfNoEntry: false });
  return found !== undefined && found.dev === dev && found.ino === ino;
}

function removeIfThere(way: Way): void {
  if (lstatSync(way, { throwIfNoEntry: false })) unlinkSync(way);
}

function makeLink(from: Buffer, way: Way): boolean {
  try {
    linkSync(from, way);
    return true;
  } catch (error) {
    if (NO_LINK.has(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}
