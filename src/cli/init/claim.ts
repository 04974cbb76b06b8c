import { dirname, join } from 'node:path';
import { ensureDirectory } from '../../platform/files.ts';
import { tryLock } from '../../platform/lock.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { shownPath } from '../shown-path.ts';
import { refuseExisting } from './write-files.ts';

/**
 * The directory of the new stack, made where it is not there, for one `init` at a time: no key is made for a configuration
 * that another one is about to write. Throws LS-CLI-009.
 */
export async function claimDirectory(
  context: CommandContext,
  directory: string,
): Promise<{ release(): void }> {
  await ensureDirectory(dirname(directory), 0o755);
  await ensureDirectory(directory);
  const run = await ensureDirectory(join(directory, '.leitstand', 'run'));
  const lock = await tryLock(join(run, 'init.lock'), 'init');
  if (!lock.held)
    throw cliErrors.error('LS-CLI-009', {
      what: `another \`leitstand init\` is at work here${lock.holder ? ` (pid ${lock.holder.pid})` : ''}`,
      where: { file: shownPath(context.cwd, directory) },
      fix: 'go on with what it writes (`leitstand plan`), or name another directory: leitstand init DIRECTORY',
    });
  try {
    await refuseExisting(context, directory);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}
