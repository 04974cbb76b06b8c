import type { FileEntry } from './file-entry.ts';

export interface OwnerIds {
  readonly uid: number;
  readonly gid: number;
}

/** Whose the restored files are: as recorded, of whoever restores, or somebody's. Absent: as recorded where that is possible. */
export type RestoreOwner = 'recorded' | 'own' | OwnerIds;

const isRoot = process.getuid?.() === 0;

/** Undefined: nothing is changed, they belong to whoever restores. Only root can give files to others. */
export function ownerIds(
  owner: RestoreOwner | undefined,
  { uid, gid }: Pick<FileEntry, 'uid' | 'gid'>,
): OwnerIds | undefined {
  if (owner === 'own') return undefined;
  if (owner === 'recorded') return { uid, gid };
  return owner ?? (isRoot ? { uid, gid } : undefined);
}
