import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { backupErrors } from '../../backup/errors.ts';
import type { ReadKit } from '../../backup/recovery-kit/parse-kit.ts';
import { systemErrorCode } from '../../platform/errors.ts';
import type { AgeIdentity } from '../../repository/repository.ts';
import type { CommandContext, CommandInput, OptionSpec } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { shownPath } from '../shown-path.ts';

export const IDENTITY_OPTION: OptionSpec = {
  flags: '--identity <file>',
  description: 'the recovery kit or an identity file of age, for what only it opens; -: stdin',
};

export const KIT_OPTION: OptionSpec = {
  flags: '--kit <file>',
  description: 'the recovery kit of a lost machine says where its backups are, and opens them; -: stdin',
};

export const REPOSITORY_OPTION: OptionSpec = {
  flags: '--repository <directory>',
  description: 'with --kit: where the backups are mounted here, when not where the kit says',
};

type Reader = Pick<CommandContext, 'cwd' | 'output' | 'readInput'>;

interface KeyText {
  readonly text: string;
  /** As people would type it; undefined: stdin. */
  readonly file?: string | undefined;
}

/** Of `--identity`; empty without it. Throws LS-BACKUP-009, LS-BACKUP-010 and LS-REPO-030, which quote no secret. */
export async function identitiesOf(context: Reader, input: CommandInput): Promise<readonly AgeIdentity[]> {
  const named = input.text('identity');
  return named === undefined ? [] : (await readKeyFile(context, named)).identities;
}

/** The secret keys of a kit or of an identity file of age; and the kit, where it is one. */
export async function readKeyFile(
  context: Reader,
  named: string,
): Promise<{ readonly identities: readonly AgeIdentity[]; readonly kit: ReadKit | undefined }> {
  const [{ isKit, parseKit }, { parseIdentities }] = await Promise.all([
    import('../../backup/recovery-kit/parse-kit.ts'),
    import('../../repository/repository.ts'),
  ]);
  const { text, file } = await readKeyText(context, named);
  if (!isKit(text)) return { identities: await parseIdentities(text, file), kit: undefined };
  const kit = await parseKit(text, file);
  if (kit.identities.length === 0) throw withoutSecret(file);
  return { identities: kit.identities, kit };
}

/** Of `--kit`; undefined without it. */
export async function kitOf(context: Reader, input: CommandInput): Promise<ReadKit | undefined> {
  const named = input.text('kit');
  if (named === undefined) return undefined;
  if (named === '-' && input.text('identity') === '-')
    throw cliErrors.error('LS-CLI-001', {
      what: 'the kit and the identity cannot both come on stdin',
      fix: 'a kit with its secret half needs no --identity; else give one of them as a file',
    });
  const { parseKit } = await import('../../backup/recovery-kit/parse-kit.ts');
  const { text, file } = await readKeyText(context, named);
  return parseKit(text, file);
}

function withoutSecret(file: string | undefined) {
  return backupErrors.error('LS-BACKUP-010', {
    what: 'the kit is without the secret half of the recovery key',
    why: 'it was printed again, and the secret half is printed only once',
    ...(file === undefined ? {} : { where: { file } }),
    fix: 'give the kit that was printed when the key was made, or an identity file of age with the line AGE-SECRET-KEY-1…',
  });
}

async function readKeyText(context: Reader, named: string): Promise<KeyText> {
  if (named === '-') return { text: await context.readInput() };
  const path = resolve(context.cwd, named);
  const file = shownPath(context.cwd, path);
  try {
    const handle = await open(path, 'r');
    try {
      const { mode } = await handle.stat();
      if ((mode & 0o077) !== 0)
        context.output.talk(
          `warning: others can read ${file}: chmod 600 ${file}, and off this machine with it afterwards`,
        );
      return { text: await handle.readFile('utf8'), file };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw cliErrors.error('LS-CLI-001', {
      what: `${file} cannot be read`,
      why: code === 'ENOENT' ? 'it is not there' : code,
      fix: 'name the file with the recovery kit, or - to give it on stdin',
    });
  }
}
