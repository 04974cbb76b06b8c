import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';
import { cliErrors } from '../errors.ts';

export const serveCommand: Command = {
  description: `Runs the daemon in the foreground: it starts and watches the programs and hosts the inbox. \`leitstand up\`
starts it in the background by itself; a service manager calls this. SIGTERM ends the daemon and leaves the
programs running, so that the next one takes them over; \`leitstand down\` stops everything.`,
  options: [{ flags: '--state-dir <path>', description: 'the state directory of the stack' }],
  examples: [{ command: 'leitstand serve --state-dir /var/lib/leitstand', shows: 'as a service would' }],
  exits: ['11  another daemon serves this state directory'],
  run: async (context, input) => {
    const stateDir = input.text('stateDir');
    if (stateDir === undefined) {
      throw cliErrors.error('LS-CLI-001', {
        what: '`serve` needs the state directory',
        fix: 'leitstand serve --state-dir PATH',
      });
    }
    const [{ serve }, { hostInbox }] = await Promise.all([
      import('../../daemon/serve.ts'),
      import('../host-inbox.ts'),
    ]);
    await serve({
      stateDir,
      env: context.env,
      clock: context.clock,
      signal: context.signal,
      inbox: hostInbox(context, stateDir),
      leitstand: context.self,
      say: context.output.talk,
    });
    return { exit: EXIT.ok, text: '', json: null };
  },
};
