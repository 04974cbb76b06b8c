import { resolve } from 'node:path';
import { EXIT } from '../../platform/exit-codes.ts';
import { formatSize } from '../../platform/units.ts';
import type { Command } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { isProgramSource } from '../../stack/source.ts';

const SECRETS_MISSING =
  'Before `leitstand up` there, put back what no backup holds: the secrets that its secrets.json names, and signing.pem.';

export const restoreCommand: Command = {
  description: `Writes a snapshot's data into a new directory, laid out as the program expects it, and checks every byte on the
way. The running stack is not touched. The directory must not exist or be empty; while a restore is at work, or after it
was broken off, a file \`DIRECTORY.restoring\` lies beside it.`,
  arguments: [{ name: 'directory', description: 'where to; made when missing', required: true }],
  options: [
    { flags: '--snapshot <id>', description: 'which one (default: the newest)' },
    {
      flags: '--source <component>',
      description: 'of which component, or `leitstand` itself',
      default: 'prometheus',
    },
  ],
  examples: [
    { command: 'leitstand restore /tmp/look', shows: 'the newest data of Prometheus' },
    {
      command: 'leitstand restore --source leitstand /srv/again',
      shows: 'the stack itself, without its secrets',
    },
    { command: 'leitstand backup list', shows: 'what else there is' },
  ],
  exits: [
    '1   the repository is damaged; the object and the path are named',
    '10  there is no repository yet',
  ],
  run: async (context, input) => {
    const { openSession } = await import('../open-session.ts');
    const { openStackRepository } = await import('../open-repository.ts');
    const session = await openSession(context, { inNeed: true });
    try {
      const component = input.text('source') ?? '';
      const source =
        session.sources.find((one) => one.component === component)?.source ??
        session.components.get(component)?.source?.({});
      if (!source) {
        throw cliErrors.error('LS-CLI-003', {
          what: `the stack has no source ${component}`,
          fix: 'leitstand backup list shows them',
        });
      }
      const repository = await openStackRepository(context, session.stack);
      const wanted = input.text('snapshot') ?? (await repository.snapshots(component))[0]?.id;
      if (wanted === undefined) {
        throw cliErrors.error('LS-CLI-003', {
          what: `the repository holds no snapshot of ${component} yet`,
          fix: 'leitstand backup',
        });
      }
      const target = resolve(context.cwd, input.args[0] ?? '');
      const { files, bytes } = await repository.restore({
        snapshot: wanted,
        target,
        mapPath: (path) => source.restorePath(path),
        signal: context.signal,
      });
      return {
        exit: EXIT.ok,
        text: [
          `Restored ${files} files (${formatSize(bytes)}) of ${wanted} into ${target}. Every byte was checked.`,
          ...(isProgramSource(source) ? [] : [SECRETS_MISSING]),
        ].join('\n'),
        json: { snapshot: wanted, target, files, bytes },
      };
    } finally {
      session.close();
    }
  },
};
