import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../platform/environment.ts';
import { LeitstandError } from '../platform/errors.ts';
import type { ProvisionContext } from '../runtimes/native/provision/source.ts';
import type { Stack } from '../stack/stack.ts';
import type { CommandContext } from './command.ts';
import { loadStackInNeed } from './load-stack.ts';

/** The cache of programs: the stack's, or the user's own where there is no stack. */
export async function openCache(context: CommandContext): Promise<ProvisionContext> {
  const { LOCK_FILE } = await import('../runtimes/native/provision/release/lock-file.ts');
  const stack = await stackIfAny(context);
  return {
    provisioning: stack?.provision ?? {
      sources: ['cache'],
      paths: {},
      cacheDir: cacheDirectory(context.env, homedir()),
    },
    lockFile: stack && join(dirname(stack.file), LOCK_FILE),
    env: context.env,
    run: context.run,
    clock: context.clock,
    signal: context.signal,
    onProgress: context.onProgress,
  };
}

async function stackIfAny(context: CommandContext): Promise<Stack | undefined> {
  try {
    return await loadStackInNeed(context);
  } catch (error) {
    const isNone = error instanceof LeitstandError && error.code === 'LS-CLI-002';
    if (isNone && context.file === undefined) return undefined;
    throw error;
  }
}
