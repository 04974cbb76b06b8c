import { EXIT } from '../../platform/exit-codes.ts';
import type { InboxMessage } from '../../stack/sandbox.ts';
import type { Command } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { formatAge, table } from '../terminal.ts';

export const inboxListCommand: Command = {
  description: `The inbox answers as Slack and webhooks would and keeps what arrived, refused messages included. Newest first.`,
  options: [{ flags: '--limit <n>', description: 'how many at most', default: '20' }],
  examples: [
    { command: 'leitstand inbox list', shows: 'the newest messages' },
    { command: 'leitstand inbox show 12', shows: 'one of them, whole' },
  ],
  run: async (context, input) => {
    const limit = Number(input.text('limit'));
    if (!Number.isInteger(limit) || limit < 1) {
      throw cliErrors.error('LS-CLI-001', {
        what: `--limit takes a whole number from 1 on, not \`${input.text('limit') ?? ''}\``,
        fix: 'leitstand inbox list --limit 20',
      });
    }
    const { openSession } = await import('../open-session.ts');
    const session = await openSession(context, { inNeed: true });
    try {
      const messages = session.history.messages.list({ limit });
      const now = context.clock.now().getTime();
      return {
        exit: EXIT.ok,
        text:
          messages.length === 0
            ? 'The inbox is empty.'
            : table([HEADER, ...messages.map((message) => row(message, now))]),
        json: messages.map(({ id, receivedAt, type, accepted, status, title, problems }) => ({
          id,
          receivedAt,
          type,
          accepted,
          status,
          title,
          problems: [...problems],
        })),
      };
    } finally {
      session.close();
    }
  },
};

const HEADER = ['ID', 'AGE', 'AS', 'ANSWER', 'STATUS', 'TITLE'];

function row(message: InboxMessage, now: number): string[] {
  return [
    String(message.id),
    formatAge(now - Date.parse(message.receivedAt)),
    message.type,
    message.accepted ? String(message.replyStatus) : `${message.replyStatus} REFUSED`,
    message.status,
    message.accepted ? message.title : message.problems.join('; '),
  ];
}
