import { EXIT } from '../../platform/exit-codes.ts';
import type { SystemdScope } from '../../platform/systemd.ts';
import type { Command } from '../command.ts';
import { loadStackInNeed } from '../load-stack.ts';
import { serviceWorld, USER_OPTION } from '../service-spec.ts';

export const serviceRemoveCommand: Command = {
  description: `Stops the service of this stack and removes its unit. The programs go on, with nobody to restart them:
\`leitstand up\` starts a daemon in the background that takes them over, \`leitstand down\` ends them.`,
  options: [USER_OPTION, { flags: '--dry-run', description: 'say what would be done, and do nothing' }],
  examples: [{ command: 'sudo leitstand service remove', shows: 'no start at boot any more' }],
  run: async (context, input) => {
    const { removeService } = await import('../../deployment/service/service.ts');
    const scope: SystemdScope = input.flag('user') ? 'user' : 'system';
    const dryRun = input.flag('dryRun');
    const { name, stateDir } = await loadStackInNeed(context);
    const file = await removeService(
      { stack: name, stateDir, scope, dryRun },
      await serviceWorld(context, scope),
    );
    const text =
      file === undefined
        ? `There is no ${scope === 'user' ? 'service of your own' : 'system service'} of this stack.`
        : dryRun
          ? `${file} would be stopped and removed.`
          : `${file} is removed. Nobody restarts the programs now: leitstand up, or leitstand down.`;
    return { exit: EXIT.ok, text, json: { removed: file ?? null, dryRun } };
  },
};
