import { open, realpath, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { backupErrors } from '../../backup/errors.ts';
import { systemErrorCode } from '../../platform/errors.ts';
import { exists, syncDirectory } from '../../platform/files.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { shownPath } from '../shown-path.ts';

/** Where a kit with its secret half goes: once, and to nobody else. */
export type KitPlace =
  | { readonly kind: 'terminal' }
  /** Absolute; it is not there yet. */
  | { readonly kind: 'file'; readonly path: string; readonly shown: string };

/**
 * The file of `--kit`, or a terminal with somebody before it. Throws LS-BACKUP-011 where neither is, and LS-CLI-001 for a
 * file that cannot be one: there is one already, or it would lie with what it is to outlive.
 */
export async function kitPlace(
  context: CommandContext,
  input: CommandInput,
  { directories, otherwise }: { readonly directories: readonly string[]; readonly otherwise: string },
): Promise<KitPlace> {
  const named = input.text('kit');
  if (named !== undefined) return filePlace(context, named, directories);
  const prompt = await context.openPrompt();
  prompt?.close();
  if (prompt) return { kind: 'terminal' };
  throw backupErrors.error('LS-BACKUP-011', {
    what: 'there is no terminal on which somebody would see the recovery key',
    why: 'it is shown once, and nobody can make it again',
    fix: `--kit FILE, a new file outside of ${shownPath(context.cwd, directories[0] ?? '')}${otherwise}`,
  });
}

async function filePlace(
  context: CommandContext,
  named: string,
  directories: readonly string[],
): Promise<KitPlace> {
  const path = resolve(context.cwd, named);
  const shown = shownPath(context.cwd, path);
  const refuse = (what: string, fix: string) =>
    cliErrors.error('LS-CLI-001', { what: `--kit ${named}: ${what}`, fix });
  if (!(await exists(dirname(path))))
    throw refuse('there is no such directory', `mkdir -p ${shownPath(context.cwd, dirname(path))}`);
  for (const directory of directories)
    if (await isBelow(path, directory))
      throw refuse(
        'it would lie with the stack that it is to outlive',
        'name a file elsewhere, best on a medium that leaves this machine: --kit /media/stick/kit.txt',
      );
  if (await exists(path))
    throw refuse('there is such a file already, and it is not replaced', 'name a new one');
  return { kind: 'file', path, shown };
}

/** Whatever symbolic links lead there. */
async function isBelow(path: string, directory: string): Promise<boolean> {
  const real = join(await realpath(dirname(path)), '-');
  const root = await realpath(directory).catch(() => directory);
  return !relative(root, real).startsWith('..');
}

/** Readable by its owner alone; never over another file. To the terminal, not to what stdout may lead to. */
export async function handOver(context: CommandContext, place: KitPlace, text: string): Promise<void> {
  if (place.kind === 'terminal') {
    context.output.talk(`\n${text}`);
    return;
  }
  try {
    const handle = await open(place.path, 'wx', 0o600);
    try {
      await handle.chmod(0o600);
      await handle.writeFile(text);
      await handle.sync();
    } catch (error) {
      await rm(place.path, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    await syncDirectory(dirname(place.path));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw cliErrors.error('LS-CLI-008', {
      what: `the recovery kit could not be written to ${place.shown}`,
      why: code,
      fix: 'name a file in a directory that you may write to',
      cause: error,
    });
  }
}
