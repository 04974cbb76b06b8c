import { dirname } from 'node:path';
import { ensureDirectory } from '../platform/files.ts';
import { tryLock } from '../platform/lock.ts';
import { backupErrors } from './errors.ts';

/** Throws LS-BACKUP-001 when something else works on this stack's backups. `purpose`: what the holder is shown as. */
export async function lockBackups(file: string, purpose: string): Promise<{ release(): void }> {
  await ensureDirectory(dirname(file));
  const lock = await tryLock(file, purpose);
  if (lock.held) return lock;
  const { holder } = lock;
  throw backupErrors.error('LS-BACKUP-001', {
    what: 'another backup is running on this host',
    why: holder
      ? `process ${holder.pid} (${holder.purpose}) holds the lock since ${holder.since}`
      : 'the lock is held by a process that has not named itself yet',
    fix: holder ? `wait for it, or look at it with: ps -p ${holder.pid} -f` : 'wait and try again',
  });
}
