import { EXIT } from '../../platform/exit-codes.ts';
import type { InboxMessage } from '../../stack/sandbox.ts';
import type { Command } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { table } from '../terminal.ts';

export const inboxShowCommand: Command = {
  description:
    'Shows one message as it arrived: what it says, how it was answered, its headers and its body.',
  arguments: [{ name: 'id', description: 'as `leitstand inbox list` shows it', required: true }],
  examples: [{ command: 'leitstand inbox show 12', shows: 'message 12' }],
  run: async (context, input) => {
    const { openSession } = await import('../open-session.ts');
    const session = await openSession(context, { inNeed: true });
    try {
      const message = session.history.messages.get(Number(input.args[0]));
      if (!message) {
        throw cliErrors.error('LS-CLI-003', {
          what: `the inbox has no message ${input.args[0] ?? ''}`,
          fix: 'leitstand inbox list',
        });
      }
      return {
        exit: EXIT.ok,
        text: messageText(message),
        json: { ...message, headers: { ...message.headers }, problems: [...message.problems] },
      };
    } finally {
      session.close();
    }
  },
};

function messageText(message: InboxMessage): string {
  return [
    table([
      ['message', String(message.id)],
      ['received', message.receivedAt],
      ['as', message.type],
      ['status', message.status],
      ['answer', `${message.replyStatus} ${message.accepted ? 'accepted' : 'REFUSED'}`],
      ...message.problems.map((problem) => ['problem', problem]),
      ['title', message.title],
    ]),
    '',
    message.text,
    '',
    table(Object.entries(message.headers).map(([name, value]) => [name, value])),
    '',
    pretty(message.body),
  ].join('\n');
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
