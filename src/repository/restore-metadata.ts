import { fchmodSync, fchownSync, futimesSync } from 'node:fs';
import type { FileEntry } from './file-entry.ts';
import { ownerIds, type RestoreOwner } from './restore-owner.ts';

/** Programs that run as their owner or group are not made by a restore. */
const PERMISSION_BITS = 0o777;

/** Owner, mode and modification time, exact to a microsecond. */
export function applyMetadata(descriptor: number, entry: FileEntry, owner: RestoreOwner | undefined): void {
  const ids = ownerIds(owner, entry);
  if (ids) fchownSync(descriptor, ids.uid, ids.gid);
  fchmodSync(descriptor, entry.mode & PERMISSION_BITS);
  const seconds = Number(BigInt(entry.mtime) / 1000n) / 1e6;
  futimesSync(descriptor, seconds, seconds);
}
