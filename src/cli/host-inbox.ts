import { join } from 'node:path';
import type { InboxMessage } from '../stack/sandbox.ts';
import type { CommandContext } from './command.ts';

export interface InboxHosting {
  /** 127.0.0.1 unless said. */
  readonly host?: string;
  /** Under which the inbox is reached, besides those of the loopback. */
  readonly names?: readonly string[];
  /** Told of each message once it is kept. */
  readonly onMessage?: (message: InboxMessage) => void;
  readonly onTrouble?: (text: string) => void;
}

/** Opens the inbox on a port, for the daemon or alone; its messages go to the records in `stateDir`. */
export function hostInbox(context: CommandContext, stateDir: string, hosting: InboxHosting = {}) {
  const { host = '127.0.0.1', onMessage, ...told } = hosting;
  return async (port: number) => {
    const [{ startInbox }, { inboxFiles }, { recordingStore }, { openHistory }, endpoints] =
      await Promise.all([
        import('../inbox/server.ts'),
        import('../inbox/place.ts'),
        import('../inbox/notifications.ts'),
        import('../history/history.ts'),
        context.catalog.sandboxes(),
      ]);
    const history = openHistory(join(stateDir, 'leitstand.db'));
    const records = recordingStore(history);
    const tell = (messages: readonly InboxMessage[]) => {
      if (onMessage) for (const message of messages) onMessage(message);
      return messages;
    };
    try {
      const inbox = await startInbox({
        ...told,
        port,
        host,
        endpoints,
        messages: {
          append: (message) => tell(records.append(message)),
          appendAll: (messages) => tell(records.appendAll(messages)),
        },
        misbehaviours: history.misbehaviours,
        directory: inboxFiles(stateDir).directory,
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
