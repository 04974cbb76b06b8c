import { join, resolve } from 'node:path';
import type { History } from '../../history/history.ts';
import { LeitstandError } from '../../platform/errors.ts';
import { ensureDirectory, exists } from '../../platform/files.ts';
import type { CommandContext, CommandInput, OptionSpec } from '../command.ts';
import { cliErrors } from '../errors.ts';

export const STATE_OPTION: OptionSpec = {
  flags: '--state <dir>',
  description: 'of an inbox that was started alone with it, without a leitstand.yaml',
};

/**
 * The records of an inbox: of the stack, or of the directory in `--state`. Throws LS-CLI-002 when there is neither,
 * LS-CLI-003 when the directory holds none.
 */
export async function openInboxRecords(context: CommandContext, input: CommandInput): Promise<History> {
  const { openHistory } = await import('../../history/history.ts');
  const stateDir = await inboxStateDir(context, input.text('state'));
  return openHistory(join(stateDir, 'leitstand.db'));
}

async function inboxStateDir(context: CommandContext, named: string | undefined): Promise<string> {
  if (named !== undefined) {
    const directory = resolve(context.cwd, named);
    if (await exists(join(directory, 'leitstand.db'))) return directory;
    throw cliErrors.error('LS-CLI-003', {
      what: `no inbox keeps its messages in ${directory}`,
      fix: `leitstand inbox serve --state ${named}`,
    });
  }
  const { loadStackInNeed } = await import('../load-stack.ts');
  try {
    const { stateDir } = await loadStackInNeed(context);
    // Also before the first `up`: there is nothing in it yet, which is an answer.
    return await ensureDirectory(stateDir);
  } catch (error) {
    if (!(error instanceof LeitstandError) || error.code !== 'LS-CLI-002') throw error;
    throw cliErrors.error('LS-CLI-002', {
      ...error.details,
      fix: `${error.details.fix ?? ''}; of an inbox that runs alone name the directory: --state DIR`,
    });
  }
}
