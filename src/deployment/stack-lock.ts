import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../platform/errors.ts';
import { tryLock } from '../platform/lock.ts';
import type { Stack } from '../stack/stack.ts';
import { deploymentErrors } from './errors.ts';

/** One `up` or `down` at a time on a stack; the lock dies with its process. */
export async function withStackLock<T>(stack: Stack, purpose: string, work: () => Promise<T>): Promise<T> {
  await assertOwner(stack.stateDir);
  const lock = await writable(stack, async () => {
    await mkdir(join(stack.stateDir, 'run'), { recursive: true, mode: 0o700 });
    return tryLock(join(stack.stateDir, 'run', 'stack.lock'), purpose);
  });
  if (!lock.held) {
    const holder = lock.holder;
    throw deploymentErrors.error('LS-DEPLOY-003', {
      what: `another command is changing the stack ${stack.name}`,
      why: holder ? `\`${holder.purpose}\` (pid ${holder.pid}) since ${holder.since}` : undefined,
      fix: 'wait for it to end, then run this again',
    });
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** Root would leave files that the owner of the stack can neither read nor replace. */
async function assertOwner(stateDir: string): Promise<void> {
  const owner = (await stat(stateDir).catch(() => undefined))?.uid;
  const self = process.getuid?.();
  if (owner === undefined || self === undefined || owner === self) return;
  throw deploymentErrors.error('LS-DEPLOY-005', {
    what: `the state in ${stateDir} belongs to another user (uid ${owner})`,
    why: `this is uid ${self}`,
    fix: `run it as that user: sudo -u '#${owner}' …`,
  });
}

/** Turns a full or forbidden disk into words; nothing half done is in force by then. */
export async function writable<T>(stack: Stack, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw deploymentErrors.error('LS-DEPLOY-002', {
        what: `no space left for the files of the stack below ${stack.stateDir}`,
        fix: `free space (\`df -h ${stack.stateDir}\`), then run this again; what runs was not touched`,
        cause: error,
      });
    }
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      throw deploymentErrors.error('LS-DEPLOY-004', {
        what: `cannot write below ${stack.stateDir}`,
        why: error instanceof Error ? error.message : code,
        fix: `run as the owner of ${stack.stateDir}, or set \`state_dir\` in ${stack.file}`,
        cause: error,
      });
    }
    throw error;
  }
}
