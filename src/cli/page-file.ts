import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { exists, writeFileAtomic } from '../platform/files.ts';
import type { CommandContext, CommandInput, OptionSpec } from './command.ts';
import { cliErrors } from './errors.ts';
import { shownPath } from './shown-path.ts';

/** Where a command writes a page for the browser. */
export interface PageFile {
  /** Absolute. */
  readonly path: string;
  /** As people would type it. */
  readonly shown: string;
}

export const PAGE_OPTION: OptionSpec = {
  flags: '--html <file>',
  description: 'write a page that shows it as people see it, for the browser',
};

/** The file of `--html`; undefined without it. Throws LS-CLI-001 before any work when it cannot be one. */
export async function pageTarget(
  { cwd }: Pick<CommandContext, 'cwd'>,
  input: CommandInput,
): Promise<PageFile | undefined> {
  const wanted = input.text('html');
  if (wanted === undefined) return undefined;
  const path = resolve(cwd, wanted);
  const directory = dirname(path);
  if (!(await exists(directory))) {
    throw cliErrors.error('LS-CLI-001', {
      what: `--html ${wanted}: there is no directory ${directory}`,
      fix: `mkdir -p ${shownPath(cwd, directory)}`,
    });
  }
  if ((await exists(path)) && !(await stat(path)).isFile()) {
    throw cliErrors.error('LS-CLI-001', {
      what: `--html ${wanted}: that is not a file`,
      fix: `name a file: --html ${shownPath(cwd, resolve(path, 'preview.html'))}`,
    });
  }
  return { path, shown: shownPath(cwd, path) };
}

export async function writePage({ path }: PageFile, page: string): Promise<void> {
  await writeFileAtomic(path, page);
}
