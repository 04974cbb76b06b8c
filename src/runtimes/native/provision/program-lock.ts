import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDirectory, UNFINISHED_MARK } from '../../../platform/files.ts';
import { type LockHolder, tryLock } from '../../../platform/lock.ts';
import { programDir } from './cache-entry.ts';
import type { ProvisionContext } from './source.ts';

const POLL_MS = 300;

/**
 * Runs `work` as the only Leitstand on this machine that changes these cache entries, waiting for another to finish.
 * Locks are taken in the order of their names, so that two runs never wait for each other.
 */
export async function withProgramLocks<Result>(
  names: readonly string[],
  context: ProvisionContext,
  work: () => Promise<Result>,
): Promise<Result> {
  const [first, ...rest] = [...names].sort();
  if (first === undefined) return work();
  return withLock(`program-${first}`, context, async () => {
    await sweep(programDir(context.provisioning.cacheDir, first));
    return withProgramLocks(rest, context, work);
  });
}

export async function withLock<Result>(
  name: string,
  context: ProvisionContext,
  work: () => Promise<Result>,
): Promise<Result> {
  const locks = await ensureDirectory(join(context.provisioning.cacheDir, 'locks'), 0o755);
  const path = join(locks, `${name}.lock`);
  let attempt = await tryLock(path, name);
  if (!attempt.held) context.onProgress({ type: 'step', text: waitingFor(name, attempt.holder) });
  while (!attempt.held) {
    await context.clock.sleep(POLL_MS, context.signal);
    attempt = await tryLock(path, name);
  }
  try {
    return await work();
  } finally {
    attempt.release();
  }
}

function waitingFor(name: string, holder: LockHolder | undefined): string {
  const who = holder ? `another Leitstand (pid ${holder.pid}, since ${holder.since})` : 'another Leitstand';
  return `waiting for ${who}, which is busy with ${name.replace('program-', '')}`;
}

/** What a killed run left behind; only for the holder of the lock. */
async function sweep(directory: string): Promise<void> {
  for (const label of await readdir(directory).catch(() => [])) {
    if (label.includes(UNFINISHED_MARK)) await rm(join(directory, label), { recursive: true, force: true });
  }
}
