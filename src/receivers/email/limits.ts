import { readHead, valuesOf } from './fields.ts';
import { parseMail } from './parse-mail.ts';
import { readAddressList } from './address-list.ts';

/** RFC 5322, section 2.1.1: what should fit on a line. */
const SHORT_SUBJECT = 78;
/** Exchange cuts there. */
const LONG_SUBJECT = 255;
/** Gmail folds away what comes after that: "Message clipped". */
const CLIPPED_HTML = 102 * 1024;
/** Postfix' default (message_size_limit), and that of small providers. */
const USUAL_SIZE = 10_240_000;
/** Gmail and Exchange Online. */
const MAX_SIZE = 25 * 1024 * 1024;
/** Of Gmail's SMTP, for each mail. */
const MAX_RECIPIENTS = 100;

/** What servers and mail programs do to a message that is in order. `body` is its source. */
export async function mailLimits(body: string): Promise<readonly string[]> {
  const mail = await parseMail(body).catch(() => undefined);
  if (!mail) return ['no mail program can read it'];
  const { length } = mail.subject ?? '';
  const size = Buffer.byteLength(body);
  const recipients = valuesOf(readHead(body), 'to').flatMap((value) => readAddressList(value) ?? []);
  return [
    ...(length > LONG_SUBJECT
      ? [`the subject has ${length} characters: Exchange cuts it after ${LONG_SUBJECT}`]
      : length > SHORT_SUBJECT
        ? [
            `the subject has ${length} characters: phones and lists show the beginning, at most ${SHORT_SUBJECT}`,
          ]
        : []),
    ...(mail.text === undefined
      ? ['there is no text part: spam filters count that against it, and phones show no preview']
      : []),
    ...(Buffer.byteLength(mail.html ?? '') > CLIPPED_HTML
      ? [`the HTML part is larger than ${CLIPPED_HTML / 1024} KiB: Gmail folds the rest away`]
      : []),
    ...(size > MAX_SIZE
      ? [`it has ${size} bytes: Gmail and Exchange Online refuse it above 25 MiB`]
      : size > USUAL_SIZE
        ? [`it has ${size} bytes: many servers refuse it above 10 MB`]
        : []),
    ...(recipients.length > MAX_RECIPIENTS
      ? [`it has ${recipients.length} recipients: many servers take ${MAX_RECIPIENTS} at most`]
      : []),
  ];
}
