import { fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } from 'node:fs';
import type { DirectoryEntry, FileEntry, SymlinkEntry } from './file-entry.ts';
import type { Way } from './restore-directories.ts';
import { ownerIds, type RestoreOwner } from './restore-owner.ts';
import { utimeOf } from './restore-times.ts';

/**
 * Programs that run as their owner or group are not made by a restore; of a directory the same bits say whose the new
 * files in it are, and who may remove them.
 */
const PERMISSION_BITS = { file: 0o777, directory: 0o3777 } as const;

export function restoredMode({ mode, type }: Pick<FileEntry | DirectoryEntry, 'mode' | 'type'>): number {
  return mode & PERMISSION_BITS[type];
}

/** Owner, mode and modification time. */
export function applyMetadata(
  descriptor: number,
  entry: FileEntry | DirectoryEntry,
  owner: RestoreOwner | undefined,
): void {
  const ids = ownerIds(owner, entry);
  if (ids) fchownSync(descriptor, ids.uid, ids.gid);
  fchmodSync(descriptor, restoredMode(entry));
  const time = utimeOf(entry.mtime);
  futimesSync(descriptor, time, time);
}

/** The same of a link itself, which has no mode of its own. */
export function applyLinkMetadata(way: Way, entry: SymlinkEntry, owner: RestoreOwner | undefined): void {
  const ids = ownerIds(owner, entry);
  if (ids) lchownSync(way, ids.uid, ids.gid);
  const time = utimeOf(entry.mtime);
  lutimesSync(way, time, time);
}
