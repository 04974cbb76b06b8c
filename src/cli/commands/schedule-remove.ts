import { EXIT } from '../../platform/exit-codes.ts';
import type { SystemdScope } from '../../platform/systemd.ts';
import type { Command } from '../command.ts';
import { loadStackInNeed } from '../load-stack.ts';
import { serviceWorld } from '../service-spec.ts';

export const scheduleRemoveCommand: Command = {
  description: `Takes away the timers and the cron table that \`leitstand schedule install\` made for this stack: the daemon runs the jobs
again, where there is one. A run under way goes on. What is not Leitstand's is left alone.`,
  options: [
    { flags: '--user', description: 'the timers of your own instead of those of the system' },
    { flags: '--dry-run', description: 'say what would be done, and do nothing' },
  ],
  examples: [{ command: 'sudo leitstand schedule remove', shows: 'the daemon has them again' }],
  run: async (context, input) => {
    const [{ removeTimers }, { removeTables }] = await Promise.all([
      import('../../schedule/systemd/timers.ts'),
      import('../../schedule/cron/install.ts'),
    ]);
    const scope: SystemdScope = input.flag('user') ? 'user' : 'system';
    const dryRun = input.flag('dryRun');
    const { name: stack, stateDir } = await loadStackInNeed(context);
    const world = await serviceWorld(context, scope);
    const removed = [
      ...(await removeTimers({ stack, scope, stateDir }, { dryRun }, world)),
      ...(await removeTables(stateDir, { dryRun })),
    ];
    return {
      exit: EXIT.ok,
      text:
        removed.length === 0
          ? `Nothing is installed here${scope === 'user' ? ' for your user' : ''}.`
          : removed.map((file) => `${file} ${dryRun ? 'would be removed' : 'is removed'}`).join('\n'),
      json: { removed: [...removed], dryRun },
    };
  },
};
