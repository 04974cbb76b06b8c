import { EXIT } from '../../platform/exit-codes.ts';
import type { InboxMessage } from '../../stack/sandbox.ts';
import type { Command, CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { answerText } from '../inbox/message-line.ts';
import { openInboxRecords, STATE_OPTION } from '../inbox/open-records.ts';
import { PAGE_OPTION, pageTarget, writePage } from '../page-file.ts';
import { table } from '../terminal.ts';

export const inboxShowCommand: Command = {
  description:
    'Shows one message as it arrived: what it says, how it was answered, its headers and its body.',
  arguments: [{ name: 'id', description: 'as `leitstand inbox list` shows it', required: true }],
  options: [STATE_OPTION, PAGE_OPTION],
  examples: [
    { command: 'leitstand inbox show 12', shows: 'message 12' },
    { command: 'leitstand inbox show 12 --html message.html', shows: 'as people see it, for the browser' },
  ],
  run: async (context, input) => {
    const file = await pageTarget(context, input);
    const history = await openInboxRecords(context, input);
    try {
      const message = history.messages.get(Number(input.args[0]));
      if (!message) {
        throw cliErrors.error('LS-CLI-003', {
          what: `the inbox has no message ${input.args[0] ?? ''}`,
          fix: 'leitstand inbox list',
        });
      }
      if (file) await writePage(file, await pageOf(message, context));
      return {
        exit: EXIT.ok,
        text: file ? `the page: ${file.shown}` : messageText(message),
        json: { ...message, headers: { ...message.headers }, problems: [...message.problems] },
      };
    } finally {
      history.close();
    }
  },
};

async function pageOf(message: InboxMessage, { catalog }: CommandContext): Promise<string> {
  const { messagePage, readMessage } = await import('../../delivery/cards/message-page.ts');
  return messagePage(await readMessage(message, [...(await catalog.receivers()).values()]), 'en');
}

function messageText(message: InboxMessage): string {
  return [
    table([
      ['message', String(message.id)],
      ['received', message.receivedAt],
      ['as', message.type],
      ['status', message.status],
      ['answer', message.accepted ? `${message.replyStatus} accepted` : answerText(message)],
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
