import type { MailCard } from '../../stack/card.ts';
import { headerValue, parseMail } from './parse-mail.ts';

/** Undefined when nobody could read it. */
export async function mailCard(body: string): Promise<MailCard | undefined> {
  const [mail, { decodeWords }] = await Promise.all([
    parseMail(body).catch(() => undefined),
    import('postal-mime'),
  ]);
  if (!mail || mail.headers.length === 0) return undefined;
  return {
    kind: 'mail',
    subject: mail.subject ?? '',
    from: decodeWords(headerValue(mail, 'from') ?? ''),
    to: decodeWords(headerValue(mail, 'to') ?? ''),
    ...(mail.text === undefined ? {} : { text: mail.text }),
    ...(mail.html === undefined ? {} : { html: mail.html }),
  };
}
