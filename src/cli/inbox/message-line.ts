import type { InboxMessage } from '../../stack/sandbox.ts';
import type { OutputLine } from '../command.ts';

/** A message as one line, while it is fresh: `14:03:22  #12  webhook  200  firing  [FIRING:1] DiskFull`. */
export function messageLine(message: InboxMessage): OutputLine {
  const { id, receivedAt, type, accepted, status } = message;
  const time = new Date(receivedAt).toLocaleTimeString('sv-SE');
  const cells = [
    time,
    `#${id}`.padEnd(4),
    type.padEnd(9),
    answerText(message).padEnd(11),
    (accepted ? status : '').padEnd(8),
  ];
  return {
    text: `${cells.join('  ')}  ${oneLine(gist(message))}`.trimEnd(),
    json: { type: 'message', message: messageJson(message) },
  };
}

/** `200`, `400 REFUSED`, `NO ANSWER` */
export function answerText({ replyStatus, accepted }: InboxMessage): string {
  if (replyStatus === 0) return 'NO ANSWER';
  return accepted ? String(replyStatus) : `${replyStatus} REFUSED`;
}

/** What it says, or what is wrong with it. */
export function gist({ accepted, title, problems }: InboxMessage): string {
  return accepted ? title : problems.join('; ');
}

export function messageJson({ id, receivedAt, type, accepted, status, title, problems }: InboxMessage) {
  return { id, receivedAt, type, accepted, status, title, problems: [...problems] };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*[\r\n]+\s*/g, ' ');
}
