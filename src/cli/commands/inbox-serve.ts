import { EXIT } from '../../platform/exit-codes.ts';
import type { Command } from '../command.ts';

export const inboxServeCommand: Command = {
  description: `Opens the inbox on loopback, on the port of \`inbox:\`, until it is interrupted, and keeps what arrives with the
stack's records. For stacks that somebody else runs; beside a stack of its own \`leitstand up\` opens it.`,
  examples: [
    { command: 'leitstand inbox serve', shows: 'then point a receiver of the attached Alertmanager to it' },
  ],
  exits: ['0   ended by Ctrl-C or SIGTERM', '6   the port is taken'],
  run: async (context) => {
    const { loadStack } = await import('../load-stack.ts');
    const { hostInbox } = await import('../host-inbox.ts');
    const { ensureDirectory } = await import('../../platform/files.ts');
    const stack = await loadStack(context);
    await ensureDirectory(stack.stateDir);
    const inbox = await hostInbox(context, stack.stateDir)(stack.inbox.port);
    context.output.talk(`the inbox listens on http://127.0.0.1:${inbox.port}; Ctrl-C ends it`);
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await inbox.close();
    return { exit: EXIT.ok, text: '', json: { port: inbox.port } };
  },
};
