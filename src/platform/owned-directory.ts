import { lchown } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensureDirectory, exists } from './files.ts';

/** A private directory of `owner`, whoever makes it (`uid`); one that is there stays as it is. */
export async function ensureOwnedDirectory(path: string, owner: number, uid: number): Promise<void> {
  if (await exists(path)) return;
  // What is above is not its owner's alone, and the owner has to get through.
  await ensureDirectory(dirname(path), 0o755);
  await ensureDirectory(path);
  // Never through a link that somebody has put there since: root would give away what it leads to.
  if (uid === 0 && owner !== 0) await lchown(path, owner, -1);
}
