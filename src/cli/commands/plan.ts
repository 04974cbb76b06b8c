import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';
import { table } from '../terminal.ts';

export const planCommand: Command = {
  description: `Renders the stack beside what is in use, has the programs' own validators judge it, and says for
each component what \`up\` would do. Nothing that runs is touched.`,
  examples: [{ command: 'leitstand plan', shows: 'one line a component' }],
  exits: ['2   the configuration is wrong, or a validator refuses what was rendered'],
  run: async (context) => {
    const { openDeployment } = await import('../open-deployment.ts');
    const { previewUp } = await import('../../deployment/up.ts');
    const deployment = await openDeployment(context);
    const changes = await previewUp(deployment);
    const busy = changes.filter(
      ({ action, filesChanged, secretsChanged }) => action !== 'none' || filesChanged || secretsChanged,
    );
    return {
      exit: EXIT.ok,
      text: [
        table(
          changes.map((change) => [
            change.component,
            change.version,
            change.action,
            [change.filesChanged ? 'files change' : '', change.secretsChanged ? 'secrets change' : '']
              .filter((part) => part !== '')
              .join(', '),
          ]),
        ),
        '',
        busy.length === 0 ? 'Nothing to change.' : 'Apply with: leitstand up',
      ].join('\n'),
      json: { stack: deployment.stack.name, components: changes.map((change) => ({ ...change })) },
    };
  },
};
