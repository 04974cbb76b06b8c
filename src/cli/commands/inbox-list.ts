import type { MessageLog } from '../../history/messages.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import type { InboxMessage } from '../../stack/sandbox.ts';
import type { Command, CommandContext } from '../command.ts';
import { answerText, gist, messageJson, messageLine } from '../inbox/message-line.ts';
import { openInboxRecords, STATE_OPTION } from '../inbox/open-records.ts';
import { limitOption, readLimit } from '../limit-option.ts';
import { formatAge, table } from '../terminal.ts';

const LOOK_EVERY_MS = 500;
/** Of those that came between two looks. */
const AT_ONCE = 500;

export const inboxListCommand: Command = {
  description: `The inbox answers as Slack, PagerDuty, a mail server and webhooks would and keeps what arrived, refused messages
included. Newest first; with --follow as they come.`,
  options: [
    limitOption('how many at most'),
    { flags: '-f, --follow', description: 'go on with those that come from now on, until Ctrl-C' },
    STATE_OPTION,
  ],
  examples: [
    { command: 'leitstand inbox list', shows: 'the newest messages' },
    { command: 'leitstand inbox list --follow', shows: 'what comes, as it comes' },
    { command: 'leitstand inbox show 12', shows: 'one of them, whole' },
  ],
  exits: ['130  ended by Ctrl-C while it followed'],
  run: async (context, input) => {
    const limit = readLimit(input, 'leitstand inbox list');
    const history = await openInboxRecords(context, input);
    try {
      if (input.flag('follow')) return await follow(context, history.messages);
      const messages = history.messages.list({ limit });
      const now = context.clock.now().getTime();
      return {
        exit: EXIT.ok,
        text:
          messages.length === 0
            ? 'The inbox is empty.'
            : table([HEADER, ...messages.map((message) => row(message, now))]),
        json: messages.map(messageJson),
      };
    } finally {
      history.close();
    }
  },
};

const HEADER = ['ID', 'AGE', 'AS', 'ANSWER', 'STATUS', 'TITLE'];

function row(message: InboxMessage, now: number): string[] {
  return [
    String(message.id),
    formatAge(now - Date.parse(message.receivedAt)),
    message.type,
    answerText(message),
    message.status,
    gist(message),
  ];
}

/** Ends quietly: with Ctrl-C, or when nobody reads any more. */
async function follow({ output, signal, clock }: CommandContext, messages: MessageLog) {
  let last = messages.lastId();
  let count = 0;
  for (;;) {
    for (const message of messages.after(last, AT_ONCE)) {
      last = message.id;
      count += 1;
      if (!output.line(messageLine(message))) return { exit: EXIT.ok, text: '', json: count };
    }
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    if (signal.aborted) return { exit: EXIT.cancelled, text: '', json: count };
  }
}
