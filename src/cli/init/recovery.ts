import { join } from 'node:path';
import { ensureDirectory } from '../../platform/files.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { kitPlace } from '../recovery/kit-output.ts';
import { handOverNewKey } from '../recovery/new-key.ts';
import type { Answers } from './answers.ts';
import { bucketComponent, repositoryDirectory } from './bucket.ts';
import { chosenPlugins } from './chosen-plugins.ts';

/** The recovery key of a new stack. */
export interface Recovery {
  /** Makes it, tries it, hands its kit over, and returns its public half. */
  makeKey(answers: Answers): Promise<string>;
  /** That it was tried: the first backup asks for it. */
  record(recoveryKey: string): Promise<void>;
  remarks(): readonly string[];
}

/** Undefined with `--no-encryption`. Throws before anything is asked or written when the kit could go nowhere. */
export async function openRecovery(
  context: CommandContext,
  input: CommandInput,
  directory: string,
): Promise<Recovery | undefined> {
  // `--no-encryption` takes away what is true otherwise.
  if (!input.flag('encryption')) return undefined;
  const place = await kitPlace(context, input, {
    directories: [directory],
    otherwise: '; or --no-encryption, and whoever has the backups can read them',
  });
  const stateDir = join(directory, '.leitstand');
  return {
    makeKey: async (answers) => {
      const { components } = await chosenPlugins(context.catalog, answers);
      return handOverNewKey(
        context,
        {
          name: answers.name,
          language: answers.language,
          stateDir,
          store: { kind: 'directory', path: repositoryDirectory(stateDir, bucketComponent(components)) },
        },
        { place, ask: !input.flag('yes') },
      );
    },
    record: async (recoveryKey) => {
      const [{ openHistory }, { recoveryClaim }] = await Promise.all([
        import('../../history/history.ts'),
        import('../../backup/recovery-proof.ts'),
      ]);
      await ensureDirectory(stateDir);
      const history = openHistory(join(stateDir, 'leitstand.db'));
      try {
        history.proofs.append(recoveryClaim(recoveryKey, { origin: 'made' }), context.clock.now());
      } finally {
        history.close();
      }
    },
    remarks: () => [
      place.kind === 'file'
        ? `The recovery kit is in ${place.shown}. Print it, and take the file off this machine: with it, backups are not\nencrypted for whoever gets at both.`
        : 'The recovery kit was shown above, once. Keep it in two places that are not this machine.',
      'Once `backup:` names another place, print it again: leitstand backup kit',
      '',
    ],
  };
}
