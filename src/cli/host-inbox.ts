import { join } from 'node:path';
import type { CommandContext } from './command.ts';

/** What the daemon calls to open the inbox on a port; its messages go to the stack's own records. */
export function hostInbox(context: CommandContext, stateDir: string) {
  return async (port: number) => {
    const [{ startInbox }, { openHistory }, endpoints] = await Promise.all([
      import('../inbox/server.ts'),
      import('../history/history.ts'),
      context.catalog.sandboxes(),
    ]);
    const history = openHistory(join(stateDir, 'leitstand.db'));
    try {
      const inbox = await startInbox({
        port,
        host: '127.0.0.1',
        endpoints,
        messages: history.messages,
        clock: context.clock,
      });
      return {
        port: inbox.port,
        close: async () => {
          await inbox.close();
          history.close();
        },
      };
    } catch (error) {
      history.close();
      throw error;
    }
  };
}
